/** Numbers to test with, and the distance between them in units of the last place. */
import type { Float } from "./emulate.ts";

const formats = {
  float32: {
    bits: 23,
    smallest: -126,
    top: 2 ** 128,
    subnormal: 2 ** -149,
    max: 3.4028234663852886e38,
  },
  float64: { bits: 52, smallest: -1022, top: Infinity, subnormal: 5e-324, max: Number.MAX_VALUE },
};

/** `x` rounded to the dtype. */
export const fromBits = (dtype: Float, x: number): number =>
  dtype === "float32" ? Math.fround(x) : x;

/** Zeros, infinities, NaN, and the ends of the normal and subnormal numbers. */
export function edges(dtype: Float): number[] {
  const { subnormal, max, smallest } = formats[dtype];
  const sizes = [0, subnormal, 2 ** smallest, max, Infinity];
  return [...sizes, ...sizes.map((x) => -x), Number.NaN];
}

/**
 * How far `got` is from `high` + `low`, in ulp of that value. NaN and the sign of 0 must agree;
 * where the value overflows, so must `got`, but ∞ counts as the first number beyond the format.
 */
export function ulps(got: number, high: number, low: number, dtype: Float): number {
  const { bits, smallest, top } = formats[dtype];
  const rounded = fromBits(dtype, high);
  if (Object.is(got, rounded) && low === 0 && (got === 0 || !Number.isFinite(got))) return 0;
  if (Number.isNaN(got) || Number.isNaN(high))
    return Number.isNaN(got) && Number.isNaN(high) ? 0 : Infinity;
  if (got === 0 && rounded === 0) return Infinity; // −0 for 0, or 0 for −0
  if (Math.abs(rounded) === Infinity) return Infinity;
  const reached = Math.abs(got) === Infinity ? Math.sign(got) * top : got;
  const size = Math.max(smallest, Math.floor(Math.log2(Math.abs(high) || 1e-323)));
  return Math.abs(reached - high - low) / 2 ** (size - bits);
}

const words = new DataView(new ArrayBuffer(8));

/** Numbers spread evenly over all patterns of bits, the same ones every time. */
export function* bitPatterns(dtype: Float, count: number): Generator<number> {
  const step = Math.floor(2 ** 32 / count) | 1;
  for (let word = 0; word < 2 ** 32; word += step) {
    words.setUint32(0, word);
    words.setUint32(4, Math.imul(word, 2654435761));
    yield dtype === "float32" ? words.getFloat32(0) : words.getFloat64(0);
  }
}
