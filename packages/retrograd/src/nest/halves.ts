/**
 * Weights as bfloat16: the upper half of a float32, rounded to nearest, ties to even. A word of 32
 * bits holds two of them, of columns that are one vector apart, so that one load and two
 * operations on bits give two vectors, on every target.
 */
import {
  add,
  bitAnd,
  bitsOf,
  type Expr,
  equal,
  fromBits,
  select,
  shiftLeft,
  shiftRight,
  slot,
  xor,
} from "../scalar/index.ts";
import type { Value } from "./nest.ts";
import { call, number } from "./values.ts";

const UPPER = -65536; // 0xffff0000
const QUIET_NAN = 0x7fc00000;

/** The bits of x, with those of the nearest bfloat16 above, and nothing of use below. */
const rounded = (x: Expr): Expr => {
  const bits = bitsOf(x);
  const even = bitAnd(shiftRight(bits, 16), 1);
  return select(equal(x, x), add(add(bits, 0x7fff), even), QUIET_NAN);
};

/** The word of two numbers: slot 0 in its lower half, slot 1 in its upper one. */
export const wordOfTwo: Expr = xor(
  shiftRight(rounded(slot(0)), 16),
  bitAnd(rounded(slot(1)), UPPER),
);

/** The numbers in the lower or in the upper halves of a vector of words. */
export function halfOf(words: Value, upper: boolean): Value {
  const by = number(upper ? UPPER : 16, "int32", words.lanes);
  return call(fromBits, call(upper ? bitAnd : shiftLeft, words, by));
}
