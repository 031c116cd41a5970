/**
 * Weights and data that are the same everywhere: a 32-bit generator (mulberry32), so that losses can
 * be compared with those of other libraries that were given the same numbers.
 */

/** Uniform in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const uniform = (count: number, bound: number, next: () => number): Float32Array =>
  Float32Array.from({ length: count }, () => (next() * 2 - 1) * bound);

const normal = (count: number, next: () => number): Float32Array =>
  Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );

export const LARGE = { time: 64, batch: 32, input: 128, size: 256, classes: 128 } as const;
export const SMALL = { time: 100, batch: 16, size: 32 } as const;

/**
 * Data of the large cases, time first, and weights drawn in a fixed order; gates are i, f, g, o.
 * Longer sequences and larger batches draw on from a generator of their own.
 */
export function largeNumbers() {
  const { time, batch, input, size, classes } = LARGE;
  const next = generator(1);
  const bound = 1 / Math.sqrt(size);
  const x = normal(time * batch * input, next);
  const y = Int32Array.from({ length: time * batch }, () => Math.floor(next() * classes));
  const weights = (count: number) => uniform(count, bound, next);
  const lstm = {
    Wx: weights(input * 4 * size),
    Wh: weights(size * 4 * size),
    b: weights(4 * size),
  };
  const head = { W: weights(size * classes), b: weights(classes) };
  const leaky = { U: weights(input * size), W: weights(size * size), b: weights(size) };
  return { x, y, lstm, head, leaky };
}

/** The small case: what came 3 and 10 moments before the end is to be added. */
export function smallNumbers() {
  const { time, batch, size } = SMALL;
  const next = generator(2);
  const bound = 1 / Math.sqrt(size);
  const x = uniform(time * batch, 1, next);
  const at = (back: number, row: number) => x[(time - back) * batch + row];
  const y = Float32Array.from({ length: batch }, (_, row) => at(3, row) + at(10, row));
  const weights = (count: number) => uniform(count, bound, next);
  const lstm = { Wx: weights(4 * size), Wh: weights(size * 4 * size), b: weights(4 * size) };
  const head = { W: weights(size), b: weights(1) };
  return { x, y, lstm, head };
}

/** [time, batch, n] → [batch, time, n], cut or repeated to the sizes that are wanted. */
export function batchFirst<A extends Float32Array | Int32Array>(
  data: A,
  from: { time: number; batch: number },
  to: { time: number; batch: number },
): A {
  const n = data.length / (from.time * from.batch);
  const out = new (data.constructor as new (n: number) => A)(to.time * to.batch * n);
  for (let row = 0; row < to.batch; row++)
    for (let t = 0; t < to.time; t++) {
      const at = ((t % from.time) * from.batch + (row % from.batch)) * n;
      out.set(data.subarray(at, at + n), (row * to.time + t) * n);
    }
  return out;
}
