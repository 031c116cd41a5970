/** Values of a kernel as Wasm instructions, for one number or a vector of lanes. */

import type { Value } from "../../nest/nest.ts";
import type { DType } from "../../scalar/dtype.ts";
import { type Bytes, F32, F64, float32, float64, I32, int, long, simd, V128 } from "./encode.ts";

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
    case "turned": {
      const given = printValue(v.value, p);
      const bytes = Array.from({ length: 16 }, (_, k) => (k + (16 / v.lanes) * v.by) % 16);
      return [...given, ...given, ...simd(SHUFFLE), ...bytes];
    }
    case "call":
      return printCall(v, p);
  }
}

const SHUFFLE = 0x0d;

type Call = Value & { kind: "call" };

const wide = (v: Call): boolean => v.args[0].dtype === "float64";
/** Of two spellings, for one number and for lanes, the one that a value takes. */
const spelled = (v: Value, one: number, lanes: number): Bytes =>
  v.lanes > 1 ? simd(lanes) : [one];

function printCall(v: Call, p: Printer): Bytes {
  const { name, wasm } = v.fn;
  const { dtype } = v.args[0];
  const shifts = v.lanes > 1 && name.startsWith("shift");
  const args = v.args.map((a, k) => (shifts && k === 1 ? bitsOf(name, a) : printValue(a, p)));
  const [x, y, z] = args;
  if (name === "select") return [...y, ...z, ...x, ...spelled(v, SELECT, 0x52)];
  if (name === "fma" && !p.relaxed) {
    const [times, plus] = wide(v)
      ? [spelled(v, 0xa2, 0xf2), spelled(v, 0xa0, 0xf0)]
      : [spelled(v, 0x94, 0xe6), spelled(v, 0x92, 0xe4)];
    return [...x, ...y, ...times, ...z, ...plus];
  }
  // Only lanes have the instruction, and a number must not depend on where it lies: what was
  // computed in lanes is compared with what is computed again behind them.
  if (name === "fma" && v.lanes === 1) {
    const lanes = args.flatMap((a) => [...a, ...simd(SPLAT[dtype])]);
    return [...lanes, ...SPELLED.fma[dtype]![1]!, ...simd(EXTRACT[dtype]), 0];
  }
  const code = wasm?.[dtype];
  if (code && v.lanes === 1 && chooses(name, dtype))
    return [...y, ...x, ...x, ...y, code[0], SELECT];
  const [one, lanes] = code ? [[code[0]], simd(code[1])] : (SPELLED[name]?.[dtype] ?? []);
  const suffix = v.lanes > 1 ? lanes : one;
  if (suffix) return [...args.flat(), ...suffix];
  if (name.startsWith("to") && !one) return x; // it has that dtype already
  throw new Error(`Wasm has no spelling for ${name} of ${dtype} in ${v.lanes} lanes`);
}

const SELECT = 0x1b;

/** One instruction in lanes; for one number a comparison after which y is chosen, else x. */
const chooses = (name: string, dtype: DType): boolean =>
  name.startsWith("at") || (dtype === "int32" && (name === "min" || name === "max"));

/** Lanes are shifted by a number of bits that all of them share. */
function bitsOf(name: string, by: Value): Bytes {
  if (by.kind !== "number") throw new Error(`${name} takes a constant number of bits`);
  return int(by.value);
}

const ints = (x: number): Bytes => number(x, "int32", 4);
const singles = (x: number): Bytes => number(x, "float32", 4);
const doubles = (x: number): Bytes => number(x, "float64", 2);
const longs = (high: number, low: number): Bytes => [
  ...simd(0x0c),
  ...new Uint8Array(Int32Array.of(low, high, low, high).buffer),
];
/** A sum with these has an integer in its low bits, with the bias of exponents added. */
const [MAGIC_32, MAGIC_64] = [1.5 * 2 ** 23 + 127, 1.5 * 2 ** 52 + 1023];

/** What takes more than one instruction after its argument, by its dtype. */
const SPELLED: Record<string, Partial<Record<DType, readonly [one: Bytes, lanes?: Bytes]>>> = {
  fma: { float32: [[], simd(0x105)], float64: [[], simd(0x107)] },
  toFloat32: {
    int32: [[0xb2], simd(0xfa)],
    bool: [[0xb2], [...singles(1), ...simd(0x4e)]],
    float64: [[0xb6]],
  },
  toFloat64: { int32: [[0xb7]], bool: [[0xb7]], float32: [[0xbb]] },
  toInt32: {
    float32: [[0xfc, 0x00], simd(0xf8)],
    float64: [[0xfc, 0x02]],
    bool: [[], [...ints(1), ...simd(0x4e)]],
  },
  bitsOf: { float32: [[0xbc], []], float64: [[0xb6, 0xbc]] },
  fromBits: { int32: [[0xbe], []] },
  toBool: {
    int32: [
      [...int(0), 0x47],
      [...ints(0), ...simd(0x38)],
    ],
    float32: [
      [...float32(0), 0x5c],
      [...singles(0), ...simd(0x42)],
    ],
    float64: [
      [...float64(0), 0x62],
      [...doubles(0), ...simd(0x48)],
    ],
  },
  /** n + magic has n in its low bits; shifted, they are the exponent. */
  pow2: {
    float32: [
      [...float32(MAGIC_32), 0x92, 0xbc, ...int(23), 0x74, 0xbe],
      [...singles(MAGIC_32), ...simd(0xe4), ...int(23), ...simd(0xab)],
    ],
    float64: [
      [...float64(MAGIC_64), 0xa0, 0xbd, ...long(52), 0x86, 0xbf],
      [...doubles(MAGIC_64), ...simd(0xf0), ...int(52), ...simd(0xcb)],
    ],
  },
  exponent: {
    float32: [
      [0xbc, ...int(23), 0x76, 0xb2, ...float32(127), 0x93],
      [...int(23), ...simd(0xad), ...simd(0xfa), ...singles(127), ...simd(0xe5)],
    ],
    float64: [
      [0xbd, ...long(52), 0x88, 0xb9, ...float64(1023), 0xa1],
      [
        ...[...int(52), ...simd(0xcd), ...longs(0x43300000, 0), ...simd(0x50)],
        ...[...doubles(2 ** 52 + 1023), ...simd(0xf1)],
      ],
    ],
  },
  fraction: {
    float32: [
      [0xbc, ...int(0x7fffff), 0x71, ...int(0x3f800000), 0x72, 0xbe],
      [...ints(0x7fffff), ...simd(0x4e), ...ints(0x3f800000), ...simd(0x50)],
    ],
    float64: [
      [0xbd, ...long(0xfffffffffffffn), 0x83, ...long(0x3ff0000000000000n), 0x84, 0xbf],
      [...longs(0x000fffff, -1), ...simd(0x4e), ...longs(0x3ff00000, 0), ...simd(0x50)],
    ],
  },
};
