/**
 * Orders that are a pure function of (seed, epoch): a run that resumes needs no generator's state,
 * only the two numbers. The bits are counter-based (Threefry), so any draw can be made without
 * those before.
 */
import { fail } from "../errors/data.ts";

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;
/** Told apart from other uses of the same seed: "shuf" in ASCII. */
const PURPOSE = 0x73687566;

/**
 * Threefry-2x32 with 20 rounds: 64 random bits for a key and a counter.
 * Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC11.
 * Checked: the known-answer tests of Random123.
 */
export function threefry(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const keys = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
  let x = (counter[0] + keys[0]) | 0;
  let y = (counter[1] + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const turn = ROTATIONS[round % 8];
    x = (x + y) | 0;
    y = ((y << turn) | (y >>> (32 - turn))) ^ x;
    if (round % 4 === 3) {
      const i = (round + 1) / 4;
      x = (x + keys[i % 3]) | 0;
      y = (y + keys[(i + 1) % 3] + i) | 0;
    }
  }
  return [x >>> 0, y >>> 0];
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
  let drawn = 0;
  let pair: [number, number] = [0, 0];
  const draw = () => {
    if (drawn % 2 === 0) pair = threefry(key, [drawn / 2, epoch >>> 0]);
    return pair[drawn++ % 2];
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
