/**
 * Threefry-2x32 with 20 rounds: a counter and a key give two words of 32 random bits. It is written
 * once over words of any kind: numbers when the key is known, scalar expressions when it is traced,
 * so that a compiled program draws the same bits inside a map.
 *
 * Source: Salmon et al. 2011, Parallel random numbers, doi:10.1145/2063384.2063405.
 * Checked: the published vectors of Random123.
 */
import { add, type Expr, shiftLeft, shiftRight, xor } from "../scalar/index.ts";

/** Arithmetic of 32-bit words. */
interface Words<W> {
  add(a: W, b: W): W;
  xor(a: W, b: W): W;
  rotate(a: W, by: number): W;
  word(value: number): W;
}

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
const PARITY = 0x1bd11bda;

function block<W>(on: Words<W>, key: readonly [W, W], counter: readonly [W, W]): [W, W] {
  const keys = [key[0], key[1], on.xor(on.xor(key[0], key[1]), on.word(PARITY))];
  let [a, b] = [on.add(counter[0], keys[0]), on.add(counter[1], keys[1])];
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[group % 2]) {
      a = on.add(a, b);
      b = on.xor(on.rotate(b, by), a);
    }
    a = on.add(a, keys[(group + 1) % 3]);
    b = on.add(b, on.add(keys[(group + 2) % 3], on.word(group + 1)));
  }
  return [a, b];
}

const numbers: Words<number> = {
  add: (a, b) => (a + b) | 0,
  xor: (a, b) => a ^ b,
  rotate: (a, by) => (a << by) | (a >>> (32 - by)),
  word: (value) => value | 0,
};

const expressions: Words<Expr> = {
  add,
  xor,
  rotate: (a, by) => xor(shiftLeft(a, by), shiftRight(a, 32 - by)),
  word: (value) => ({ kind: "const", value: value | 0 }),
};

/** The two words of one counter, as signed numbers. */
export const threefry = (key: readonly [number, number], counter: readonly [number, number]) =>
  block(numbers, key, counter);

/** The same as expressions over int32 words. */
export const threefryExpr = (key: readonly [Expr, Expr], counter: readonly [Expr, Expr]) =>
  block(expressions, key, counter);
