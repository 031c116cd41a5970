/** Values of a kernel as Wasm instructions, for one number or a vector of lanes. */

import type { Value } from "../../nest/nest.ts";
import type { DType } from "../../scalar/dtype.ts";
import { type Bytes, F32, F64, float32, float64, I32, int, simd, V128 } from "./encode.ts";

export const wasmType = (dtype: DType, lanes: number): number =>
  lanes > 1 ? V128 : dtype === "float32" ? F32 : dtype === "float64" ? F64 : I32;

/** What a value needs from the function around it. */
export interface Printer {
  get(name: string): Bytes;
  load(v: Value & { kind: "load" }): Bytes;
  index(v: Value & { kind: "index" }): Bytes;
  /** A vector of equal numbers, made once at the head of the function. */
  constant(value: number, dtype: DType, lanes: number): Bytes;
  readonly relaxed: boolean;
}

export function number(value: number, dtype: DType, lanes: number): Bytes {
  if (lanes === 1)
    return dtype === "float32"
      ? float32(value)
      : dtype === "float64"
        ? float64(value)
        : int(dtype === "bool" ? (value ? 1 : 0) : value);
  const data =
    dtype === "float64"
      ? Float64Array.of(value, value)
      : dtype === "float32"
        ? Float32Array.of(value, value, value, value)
        : Int32Array.from({ length: 4 }, () => (dtype === "bool" ? (value ? -1 : 0) : value));
  return [...simd(0x0c), ...new Uint8Array(data.buffer)];
}

const SPLAT: Record<DType, number> = { float32: 0x13, float64: 0x14, int32: 0x11, bool: 0x11 };
const EXTRACT: Record<DType, number> = { float32: 0x1f, float64: 0x21, int32: 0x1b, bool: 0x1b };

export function printValue(v: Value, p: Printer): Bytes {
  switch (v.kind) {
    case "number":
      return v.lanes > 1 ? p.constant(v.value, v.dtype, v.lanes) : number(v.value, v.dtype, 1);
    case "local":
      return p.get(v.name);
    case "load":
      return p.load(v);
    case "index":
      return p.index(v);
    case "splat":
      return [...printValue(v.value, p), ...simd(SPLAT[v.dtype])];
    case "lane": {
      const lane = [...printValue(v.value, p), ...simd(EXTRACT[v.dtype]), v.lane];
      return v.dtype === "bool" ? [...lane, ...int(1), 0x71] : lane;
    }
    case "call":
      return printCall(v, p);
  }
}

type Call = Value & { kind: "call" };

function printCall(v: Call, p: Printer): Bytes {
  const special = SPECIAL[v.fn.name];
  if (special) return special(v, p);
  const code = v.fn.wasm?.[v.args[0].dtype];
  if (!code) throw new Error(`Wasm has no spelling for ${v.fn.name} of ${v.args[0].dtype}`);
  const args = v.args.flatMap((a) => printValue(a, p)),
    [one, lanes] = code;
  if (v.lanes === 1) return [...args, ...(typeof one === "number" ? [one] : one)];
  if (lanes === undefined)
    throw new Error(`Wasm has no lanes for ${v.fn.name} of ${v.args[0].dtype}`);
  return [...args, ...simd(lanes)];
}

const all = (v: Call, p: Printer): Bytes => v.args.flatMap((a) => printValue(a, p));
const wide = (v: Call): boolean => v.args[0].dtype === "float64";

/** What takes more than one instruction, or other operands than its arguments. */
const SPECIAL: Record<string, (v: Call, p: Printer) => Bytes> = {
  select: (v, p) => {
    const [c, a, b] = v.args.map((x) => printValue(x, p));
    return v.lanes === 1 ? [...a, ...b, ...c, 0x1b] : [...a, ...b, ...c, ...simd(0x52)];
  },
  fma: (v, p) => {
    if (v.lanes > 1 && p.relaxed) return [...all(v, p), ...simd(wide(v) ? 0x107 : 0x105)];
    const [a, b, c] = v.args.map((x) => printValue(x, p));
    const [mul, add] =
      v.lanes > 1
        ? wide(v)
          ? [simd(0xf2), simd(0xf0)]
          : [simd(0xe6), simd(0xe4)]
        : wide(v)
          ? [[0xa2], [0xa0]]
          : [[0x94], [0x92]];
    return [...a, ...b, ...mul, ...c, ...add];
  },
  min: (v, p) => extreme(v, p, 0x48),
  max: (v, p) => extreme(v, p, 0x4a),
  atLeast: bounded,
  atMost: bounded,
  shiftLeft: (v, p) => shift(v, p, 0x74, 0xab),
  shiftRight: (v, p) => shift(v, p, 0x76, 0xad),
  toFloat32: (v, p) =>
    convert(v, p, {
      int32: [[0xb2], simd(0xfa)],
      bool: [[0xb2], [...number1(1, "float32"), ...simd(0x4e)]],
      float64: [[0xb6]],
    }),
  toFloat64: (v, p) => convert(v, p, { int32: [[0xb7]], bool: [[0xb7]], float32: [[0xbb]] }),
  toInt32: (v, p) =>
    convert(v, p, {
      float32: [[0xfc, 0x00], simd(0xf8)],
      float64: [[0xfc, 0x02]],
      bool: [[], [...number1(1, "int32"), ...simd(0x4e)]],
    }),
  bitsOf: (v, p) => convert(v, p, { float32: [[0xbc], []], float64: [[0xb6, 0xbc]] }),
  fromBits: (v, p) => convert(v, p, { int32: [[0xbe], []] }),
  toBool: (v, p) =>
    convert(v, p, {
      int32: [
        [...int(0), 0x47],
        [...number1(0, "int32"), ...simd(0x38)],
      ],
      float32: [
        [...float32(0), 0x5c],
        [...number1(0, "float32"), ...simd(0x42)],
      ],
      float64: [
        [...float64(0), 0x62],
        [...number2(0), ...simd(0x48)],
      ],
    }),
  /** n + magic has n in its low bits; shifted, they are the exponent. */
  pow2: (v, p) =>
    wide(v)
      ? bits64(
          v,
          [...all(v, p), ...constant(v, 1.5 * 2 ** 52 + 1023), ...add(v)],
          [...int64(52), 0x86],
          [...int(52), ...simd(0xcb)],
        )
      : bits32(
          v,
          [...all(v, p), ...constant(v, 1.5 * 2 ** 23 + 127), ...add(v)],
          [...int(23), 0x74],
          [...int(23), ...simd(0xab)],
        ),
  exponent: (v, p) =>
    wide(v)
      ? v.lanes > 1
        ? [
            ...all(v, p),
            ...int(52),
            ...simd(0xcd),
            ...bits2(0x43300000, 0),
            ...simd(0x50),
            ...number2(2 ** 52 + 1023),
            ...simd(0xf1),
          ]
        : [...all(v, p), 0xbd, ...int64(52), 0x88, 0xb9, ...float64(1023), 0xa1]
      : v.lanes > 1
        ? [
            ...all(v, p),
            ...int(23),
            ...simd(0xad),
            ...simd(0xfa),
            ...number1(127, "float32"),
            ...simd(0xe5),
          ]
        : [...all(v, p), 0xbc, ...int(23), 0x76, 0xb2, ...float32(127), 0x93],
  fraction: (v, p) =>
    wide(v)
      ? v.lanes > 1
        ? [
            ...all(v, p),
            ...bits2(0x000fffff, -1),
            ...simd(0x4e),
            ...bits2(0x3ff00000, 0),
            ...simd(0x50),
          ]
        : [
            ...all(v, p),
            0xbd,
            ...int64(0xfffffffffffffn),
            0x83,
            ...int64(0x3ff0000000000000n),
            0x84,
            0xbf,
          ]
      : v.lanes > 1
        ? [
            ...all(v, p),
            ...number1(0x7fffff, "int32"),
            ...simd(0x4e),
            ...number1(0x3f800000, "int32"),
            ...simd(0x50),
          ]
        : [...all(v, p), 0xbc, ...int(0x7fffff), 0x71, ...int(0x3f800000), 0x72, 0xbe],
};

const number1 = (value: number, dtype: DType): Bytes => number(value, dtype, 4);
const number2 = (value: number): Bytes => number(value, "float64", 2);
const bits2 = (high: number, low: number): Bytes => [
  ...simd(0x0c),
  ...new Uint8Array(Int32Array.of(low, high, low, high).buffer),
];
const constant = (v: Call, x: number): Bytes => number(x, v.args[0].dtype, v.lanes);
const add = (v: Call): Bytes =>
  v.lanes > 1 ? simd(wide(v) ? 0xf0 : 0xe4) : [wide(v) ? 0xa0 : 0x92];
const bits32 = (v: Call, x: Bytes, one: Bytes, lanes: Bytes): Bytes =>
  v.lanes > 1 ? [...x, ...lanes] : [...x, 0xbc, ...one, 0xbe];
const bits64 = (v: Call, x: Bytes, one: Bytes, lanes: Bytes): Bytes =>
  v.lanes > 1 ? [...x, ...lanes] : [...x, 0xbd, ...one, 0xbf];
function int64(n: number | bigint): Bytes {
  const out: Bytes = [];
  for (let x = BigInt(n); ; x >>= 7n) {
    const low = Number(x & 127n);
    if (x >= -64n && x < 64n) return [0x42, ...out, low];
    out.push(low | 128);
  }
}

/** The bound where the comparison holds, else x: one instruction in lanes. */
function bounded(v: Call, p: Printer): Bytes {
  const [x, bound] = v.args.map((a) => printValue(a, p)),
    [compare, lanes] = v.fn.wasm![v.args[0].dtype]!;
  return v.lanes > 1
    ? [...x, ...bound, ...simd(lanes!)]
    : [...bound, ...x, ...x, ...bound, compare as number, 0x1b];
}
/** Integers have no scalar minimum: choose. */
function extreme(v: Call, p: Printer, compare: number): Bytes {
  const { dtype } = v.args[0],
    [one, lanes] = v.fn.wasm![dtype]!,
    [a, b] = v.args.map((x) => printValue(x, p));
  if (v.lanes > 1) return [...a, ...b, ...simd(lanes!)];
  return dtype === "int32"
    ? [...a, ...b, ...a, ...b, compare, 0x1b]
    : [...a, ...b, ...(typeof one === "number" ? [one] : one)];
}
function shift(v: Call, p: Printer, one: number, lanes: number): Bytes {
  const [x, by] = v.args,
    count = by.kind === "number" ? int(by.value) : undefined;
  if (v.lanes > 1 && !count) throw new Error(`${v.fn.name} takes a constant number of bits`);
  return v.lanes > 1
    ? [...printValue(x, p), ...count!, ...simd(lanes)]
    : [...printValue(x, p), ...(count ?? printValue(by, p)), one];
}
function convert(
  v: Call,
  p: Printer,
  rows: Partial<Record<DType, [one: Bytes, lanes?: Bytes]>>,
): Bytes {
  const [x] = v.args,
    row = rows[x.dtype];
  if (!row) return printValue(x, p);
  const code = v.lanes > 1 ? row[1] : row[0];
  if (!code) throw new Error(`Wasm converts ${x.dtype} with ${v.fn.name} one number at a time`);
  return [...printValue(x, p), ...code];
}
