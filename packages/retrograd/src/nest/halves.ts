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
  type Scalar,
  select,
  shiftLeft,
  shiftRight,
  slot,
  xor,
} from "../scalar/index.ts";
import type { Value } from "./nest.ts";

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

const rowOf = (e: Expr): Scalar => (e as Expr & { kind: "call" }).fn;
const FROM_BITS = rowOf(fromBits(slot(0)));
const SHIFT = rowOf(shiftLeft(slot(0), slot(1)));
const AND = rowOf(bitAnd(slot(0), slot(1)));

/** The numbers in the lower or in the upper halves of a vector of words. */
export function halfOf(words: Value, upper: boolean): Value {
  const { lanes } = words;
  const by: Value = { kind: "number", value: upper ? UPPER : 16, dtype: "int32", lanes };
  const bits: Value = {
    kind: "call",
    fn: upper ? AND : SHIFT,
    args: [words, by],
    dtype: "int32",
    lanes,
  };
  return { kind: "call", fn: FROM_BITS, args: [bits], dtype: "float32", lanes };
}
