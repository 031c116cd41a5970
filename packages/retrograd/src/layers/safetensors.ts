/**
 * safetensors: named tensors in one file, data and never code. Bytes come from anywhere, so every
 * size that they claim is checked against the bytes that are there before anything is allocated.
 *
 *   8 bytes: length n of the header · n bytes: JSON · the rest: the numbers, little-endian
 *   header: { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }, … }
 * Source: https://github.com/huggingface/safetensors, README, "Format".
 */
import { fail } from "../errors/weights.ts";
import { allocate, type Data, type DType } from "../scalar/dtype.ts";
import { concrete, type Tensor } from "../tensor/tensor.ts";
import { leavesOf } from "../tensor/tree.ts";
import { damaged, type Entry, readHeader } from "./safetensorsHeader.ts";

/** How a stored format is read: the dtype it becomes, and its bytes as numbers. */
interface Format {
  readonly bytes: number;
  readonly dtype: DType;
  read(view: DataView, at: number): number;
}

/** 16 bits of half precision. */
function half(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const widened = new DataView(new ArrayBuffer(4));
/** The upper half of a float32. */
function brain(view: DataView, at: number): number {
  widened.setUint32(0, view.getUint16(at, true) << 16);
  return widened.getFloat32(0);
}

const formats: Readonly<Record<string, Format>> = {
  F64: { bytes: 8, dtype: "float64", read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, dtype: "float32", read: (view, at) => view.getFloat32(at, true) },
  I32: { bytes: 4, dtype: "int32", read: (view, at) => view.getInt32(at, true) },
  F16: { bytes: 2, dtype: "float32", read: half },
  BF16: { bytes: 2, dtype: "float32", read: brain },
  BOOL: { bytes: 1, dtype: "bool", read: (view, at) => (view.getUint8(at) ? 1 : 0) },
};
const widths = new Map(Object.entries(formats).map(([name, { bytes }]) => [name, bytes]));

export interface Weights {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Texts that the file carries beside its tensors. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Read named tensors from the bytes of a file. Half precision and bfloat16 become float32.
 * @throws "weights-damaged" where the bytes are not what they claim
 */
export function decodeSafetensors(bytes: Uint8Array): Weights {
  const { entries, metadata, start } = readHeader(bytes, widths);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const named = entries.map((entry) => [entry.name, readTensor(view, start, entry)] as const);
  return { tensors: Object.fromEntries(named), metadata };
}

function readTensor(
  view: DataView,
  start: number,
  { name, format, shape, from, to }: Entry,
): Tensor {
  const { bytes, dtype, read } = formats[format];
  const data = allocate(dtype, (to - from) / bytes);
  for (let i = 0; i < data.length; i++) data[i] = read(view, start + from + i * bytes);
  return concrete(data, { shape, dtype }, name);
}

const spelled: Record<DType, string> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  bool: "BOOL",
};

/**
 * The bytes of a file of named tensors. The leaves of a tree are named by their paths: "1.Wx".
 * @param metadata  texts to keep beside the tensors
 */
export function encodeSafetensors(
  tree: unknown,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const named = leavesOf<Tensor>(tree);
  const width = ([, t]: [string, Tensor]) => formats[spelled[t.dtype]].bytes;
  named.sort((a, b) => width(b) - width(a)); // the widest first, so that each is aligned
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let at = 0;
  for (const [name, t] of named) {
    if (name === "__metadata__" || header.has(name))
      fail("bad-argument", {
        where: "encodeSafetensors",
        given: `a second entry "${name}"`,
        expected: "a name of its own for every tensor",
      });
    const to = at + t.size * width([name, t]);
    header.set(name, { dtype: spelled[t.dtype], shape: t.shape, data_offsets: [at, to] });
    at = to;
  }
  const json = JSON.stringify(Object.fromEntries(header));
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + at);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(text, 8);
  let next = 8 + length;
  for (const [, t] of named) next = writeNumbers(view, next, t.data, t.dtype);
  return bytes;
}

function writeNumbers(view: DataView, at: number, data: Data, dtype: DType): number {
  for (const x of data) {
    if (dtype === "float64") view.setFloat64(at, x, true);
    else if (dtype === "float32") view.setFloat32(at, x, true);
    else if (dtype === "int32") view.setInt32(at, x, true);
    else view.setUint8(at, x);
    at += formats[spelled[dtype]].bytes;
  }
  return at;
}

/** The longest list that is built from names: a higher number stays a name. */
const LONGEST_LIST = 10_000;

interface Branch extends Map<string, Branch | Tensor> {}

/**
 * The tree that paths describe: "1.Wx" is Wx of entry 1 of a list. Entries of a list without
 * tensors (a layer without parameters) are empty objects.
 */
export function treeOf(tensors: Readonly<Record<string, Tensor>>): any {
  const root: Branch = new Map();
  for (const [path, t] of Object.entries(tensors)) {
    const names = path.split(".");
    const last = names.pop()!;
    let branch = root;
    for (const name of names) {
      const next = branch.get(name) ?? (new Map() as Branch);
      if (!(next instanceof Map))
        return damaged(
          `"${path}" lies within the tensor "${name}"`,
          "Give every tensor a path of its own.",
        );
      branch.set(name, next);
      branch = next;
    }
    if (branch.has(last))
      damaged(`"${path}" is a tensor and holds others`, "Give every tensor a path of its own.");
    branch.set(last, t);
  }
  return grown(root);
}

function grown(branch: Branch | Tensor): any {
  if (!(branch instanceof Map)) return branch;
  const names = [...branch.keys()];
  const isList = names.every((name) => /^(0|[1-9]\d{0,4})$/.test(name) && +name < LONGEST_LIST);
  if (!isList || names.length === 0)
    return Object.fromEntries(names.map((name) => [name, grown(branch.get(name)!)]));
  const length = Math.max(...names.map(Number)) + 1;
  return Array.from({ length }, (_, k) => grown(branch.get(`${k}`) ?? new Map()));
}
