/**
 * The model of lstm-a as an ONNX file: the LSTM operator, with or without its head. Only what these
 * need of the format is written: messages are fields of a number and a wire type, 0 for whole numbers
 * and 2 for bytes.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, IR version 8, operator set 14.
 */
import type { Tensor } from "retrograd";
import type { Named } from "./numbers.ts";

const FLOAT = 1;
const INT64 = 7;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}
const int = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, ...parts: Uint8Array[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};
const text = (field: number, value: string) => bytes(field, Buffer.from(value));
const raw = (data: Float32Array | BigInt64Array) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const constant = (name: string, dims: number[], data: Float32Array | BigInt64Array) =>
  bytes(
    5,
    ...dims.map((d) => int(1, d)),
    int(2, data instanceof Float32Array ? FLOAT : INT64),
    text(8, name),
    bytes(9, raw(data)),
  );
/** A value of the graph, with letters for sizes that are known at run time. */
const value = (field: 11 | 12, name: string, dims: (number | string)[]) => {
  const shape = dims.map((d) => bytes(1, typeof d === "string" ? text(2, d) : int(1, d)));
  const type = bytes(1, int(1, FLOAT), bytes(2, ...shape));
  return bytes(field, text(1, name), bytes(2, type));
};
const node = (op: string, inputs: string[], outputs: string[], ...attributes: Buffer[]) =>
  bytes(
    1,
    ...inputs.map((s) => text(1, s)),
    ...outputs.map((s) => text(2, s)),
    text(4, op),
    ...attributes,
  );
const whole = (name: string, n: number) => bytes(5, text(1, name), int(3, n), int(20, 2));

/** Places of ONNX's gates i, o, f, c among ours, i, f, g, o. */
const ORDER = [0, 3, 1, 2];

/** [rows, 4 · size], gates i, f, g, o → [4 · size, rows], gates i, o, f, c. */
function gatesFirst({ shape, data }: Tensor): Float32Array {
  const rows = shape.length === 2 ? shape[0] : 1;
  const wide = data.length / rows;
  const size = wide / ORDER.length;
  const out = new Float32Array(data.length);
  for (const [gate, from] of ORDER.entries())
    for (let unit = 0; unit < size; unit++)
      for (let row = 0; row < rows; row++)
        out[(gate * size + unit) * rows + row] = data[row * wide + from * size + unit];
  return out;
}

/**
 * X [T, N, input], h and c [1, N, size] → Y [T, 1, N, size], or with the head logits
 * [T, N, classes]; and the last states Yh and Yc.
 */
export function lstmModel({ Wx, Wh, b, Wo, bo }: Named, hasHead: boolean): Uint8Array {
  const [input, size] = [Wx.shape[0], Wh.shape[0]];
  const classes = Wo.shape[1];
  const biases = new Float32Array(2 * b.size);
  biases.set(gatesFirst(b));
  const head = [
    node("Squeeze", ["Y", "one"], ["H"]),
    node("MatMul", ["H", "Wo"], ["P"]),
    node("Add", ["P", "bo"], ["logits"]),
    constant("one", [1], BigInt64Array.of(1n)),
    constant("Wo", [size, classes], Wo.data as Float32Array),
    constant("bo", [classes], bo.data as Float32Array),
    value(12, "logits", ["T", "N", classes]),
  ];
  const graph = [
    node("LSTM", ["X", "W", "R", "B", "", "h", "c"], ["Y", "Yh", "Yc"], whole("hidden_size", size)),
    text(2, "lstm"),
    constant("W", [1, 4 * size, input], gatesFirst(Wx)),
    constant("R", [1, 4 * size, size], gatesFirst(Wh)),
    constant("B", [1, 8 * size], biases),
    value(11, "X", ["T", "N", input]),
    value(11, "h", [1, "N", size]),
    value(11, "c", [1, "N", size]),
    value(12, "Yh", [1, "N", size]),
    value(12, "Yc", [1, "N", size]),
    ...(hasHead ? head : []),
  ];
  const operators = bytes(8, text(1, ""), int(2, 14));
  return new Uint8Array(Buffer.concat([int(1, 8), bytes(7, ...graph), operators]));
}
