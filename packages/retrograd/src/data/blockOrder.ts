/**
 * The order of an epoch over more samples than a table of all of them should hold: blocks of
 * neighbours are shuffled, so many blocks at a time form a chunk, and the samples of a chunk are
 * shuffled among each other. What one chunk reads lies in a bounded number of stretches. Up to one
 * chunk of samples this is the plain permutation.
 */
import { permutation, threefry } from "./shuffle.ts";

/** Samples that are shuffled as one. */
const CHUNK = 1 << 20;
/** Neighbours that come into the same chunk. */
const BLOCK = 1 << 10;

/**
 * Sample number `index` of an epoch, for every index below `count`: each sample comes once.
 * @param sizes for tests; a chunk is a whole number of blocks
 * @throws "seed-invalid"
 */
export function blockOrder(
  count: number,
  seed: number,
  epoch = 0,
  { chunk = CHUNK, block = BLOCK } = {},
): (index: number) => number {
  const single = count <= chunk;
  const whole = Math.floor(count / block);
  const blocks = single ? undefined : permutation(whole, seed, epoch);
  let held = -1;
  let order: Uint32Array = new Uint32Array();
  return (index) => {
    const own = Math.floor(index / chunk);
    if (own !== held) {
      const size = Math.min(chunk, count - own * chunk);
      order = permutation(size, single ? seed : seedOf(seed, own), epoch);
      held = own;
    }
    const place = own * chunk + order[index - own * chunk];
    const from = Math.floor(place / block);
    // What does not fill a block comes with the last chunk.
    return blocks && from < whole ? blocks[from] * block + (place % block) : place;
  };
}

/** A seed of its own for each chunk. */
function seedOf(seed: number, chunk: number): number {
  const [a, b] = threefry([seed >>> 0, Math.floor(seed / 2 ** 32)], [chunk, 1]);
  return (a >>> 11) * 2 ** 32 + b;
}
