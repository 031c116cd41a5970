/**
 * Threefry-2x32 with 20 rounds: a counter and a key give two words of 32 random bits, here for many
 * counters at once. All that is drawn in the library is made of these.
 *
 * Source: Salmon et al. 2011, Parallel random numbers, doi:10.1145/2063384.2063405.
 * Checked: the published vectors of Random123.
 */

export const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
export const PARITY = 0x1bd11bda;

/** The words of the counters [0, high], [1, high], … as signed numbers. */
export function threefry(
  key: ArrayLike<number>,
  high: number,
  count: number,
  start = 0,
): [first: Int32Array, second: Int32Array] {
  const keys = Int32Array.of(key[0], key[1], key[0] ^ key[1] ^ PARITY);
  const first = new Int32Array(count),
    second = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let a = (start + i + keys[0]) | 0,
      b = (high + keys[1]) | 0;
    for (let group = 0; group < 5; group++) {
      const rotations = ROTATIONS[group & 1];
      for (let r = 0; r < 4; r++) {
        const by = rotations[r];
        a = (a + b) | 0;
        b = ((b << by) | (b >>> (32 - by))) ^ a;
      }
      a = (a + keys[(group + 1) % 3]) | 0;
      b = (b + keys[(group + 2) % 3] + group + 1) | 0;
    }
    first[i] = a;
    second[i] = b;
  }
  return [first, second];
}
