/**
 * Orders that are a pure function of (seed, epoch): a run that resumes needs no generator's state,
 * only the two numbers. The bits are counter-based (Threefry), so any draw can be made without
 * those before.
 */
import { fail } from "../errors/data.ts";
import { threefry as words } from "../ops/threefry.ts";

/** Told apart from other uses of the same seed: "shuf" in ASCII. */
const PURPOSE = 0x73687566;
/** Pairs of words that are made together. */
const PAIRS = 1024;

/** 64 random bits for a key and a counter, each of two words. */
export function threefry(
  key: readonly [number, number],
  [low, high]: readonly [number, number],
): [number, number] {
  const [[first], [second]] = words(key, high, 1, low);
  return [first >>> 0, second >>> 0];
}

/**
 * The order of an epoch: a permutation of 0 … count − 1, every one equally likely.
 * @param seed  a whole number from 0 to 2⁵³ − 1
 * @param epoch a whole number from 0 to 2³² − 1
 * @throws "seed-invalid"
 * Source: Durstenfeld 1964, Algorithm 235; draws are bounded by rejection, so none is favoured.
 */
export function permutation(count: number, seed: number, epoch = 0): Uint32Array {
  for (const [name, value] of Object.entries({ seed, epoch }))
    if (!Number.isSafeInteger(value) || value < 0) fail("seed-invalid", { name, value });
  const key = [seed >>> 0, (Math.floor(seed / 2 ** 32) ^ PURPOSE) >>> 0] as const;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const pairs = Math.min(count, PAIRS);
  let piece: readonly Int32Array[] = [];
  let [from, place] = [0, 2 * pairs];
  const draw = () => {
    if (place === 2 * pairs) {
      piece = words(key, epoch >>> 0, pairs, from);
      [from, place] = [from + pairs, 0];
    }
    return piece[place % 2][place++ >> 1];
  };
  for (let i = count - 1; i > 0; i--) {
    // Bits beyond those that i needs are cut off, and what still exceeds i is drawn again.
    const mask = 0xffffffff >>> Math.clz32(i);
    let j = (draw() & mask) >>> 0;
    while (j > i) j = (draw() & mask) >>> 0;
    const held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  return order;
}
