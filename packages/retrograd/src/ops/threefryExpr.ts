/**
 * Threefry as scalar expressions, for a key that is traced: a compiled program draws the same bits
 * inside a map.
 */
import { add, type Expr, shiftLeft, shiftRight, xor } from "../scalar/index.ts";
import { PARITY, ROTATIONS } from "./threefry.ts";

const word = (value: number): Expr => ({ kind: "const", value: value | 0 });
const rotate = (a: Expr, by: number): Expr => xor(shiftLeft(a, by), shiftRight(a, 32 - by));

/** The two words of one counter, as expressions over int32 words. */
export function threefryExpr(
  key: readonly [Expr, Expr],
  counter: readonly [Expr, Expr],
): [Expr, Expr] {
  const keys = [key[0], key[1], xor(xor(key[0], key[1]), word(PARITY))];
  let [a, b] = [add(counter[0], keys[0]), add(counter[1], keys[1])];
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[group % 2]) {
      a = add(a, b);
      b = xor(rotate(b, by), a);
    }
    a = add(a, keys[(group + 1) % 3]);
    b = add(b, add(keys[(group + 2) % 3], word(group + 1)));
  }
  return [a, b];
}
