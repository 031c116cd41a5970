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

/** How long, how many, how wide. */
export interface Sizes {
  readonly time: number;
  readonly batch: number;
  readonly input: number;
  readonly size: number;
  readonly classes: number;
}
export const LARGE = { time: 64, batch: 32, input: 128, size: 256, classes: 128 } as const;
export const LARGEST = { time: 32, batch: 64, input: 1024, size: 1024, classes: 128 } as const;
export const GATED = { time: 128, batch: 16, input: 64, size: 128, classes: 64 } as const;
export const LEAKY_SMALL = { time: 256, batch: 16, input: 32, size: 64, classes: 32 } as const;
export const SMALL = { time: 100, batch: 16, input: 2, size: 32 } as const;

export type Numbers = ReturnType<typeof sequenceNumbers>;

/**
 * Data of a sequence with a class at every moment, time first, and weights drawn in a fixed order:
 * Wx [input, gates, size], Wh [size, gates, size], b [gates, size], the head; `weights` draws on.
 */
export function sequenceNumbers(seed: number, sizes: Sizes, gates: number) {
  const { time, batch, input, size, classes } = sizes;
  const next = generator(seed);
  const bound = 1 / Math.sqrt(size);
  const x = normal(time * batch * input, next);
  const y = Int32Array.from({ length: time * batch }, () => Math.floor(next() * classes));
  const weights = (count: number) => uniform(count, bound, next);
  const own = {
    Wx: weights(input * gates * size),
    Wh: weights(size * gates * size),
    b: weights(gates * size),
  };
  const head = { W: weights(size * classes), b: weights(classes) };
  return { x, y, cell: own, head, weights };
}

/** Data of the large cases; gates are i, f, g, o, and the leaky cell's weights come last. */
export function largeNumbers() {
  const { input, size } = LARGE;
  const { cell: lstm, weights, ...rest } = sequenceNumbers(1, LARGE, 4);
  const leaky = { U: weights(input * size), W: weights(size * size), b: weights(size) };
  return { ...rest, lstm, leaky };
}

/**
 * The small case: what came 3 and 10 moments before the end is to be added. The second feature is
 * zero and has the weights of the first, so losses are those of a model with one feature.
 */
export function smallNumbers() {
  const { time, batch, input, size } = SMALL;
  const next = generator(2);
  const bound = 1 / Math.sqrt(size);
  const values = uniform(time * batch, 1, next);
  const x = Float32Array.from({ length: time * batch * input }, (_, i) =>
    i % input === 0 ? values[i / input] : 0,
  );
  const at = (back: number, row: number) => values[(time - back) * batch + row];
  const y = Float32Array.from({ length: batch }, (_, row) => at(3, row) + at(10, row));
  const weights = (count: number) => uniform(count, bound, next);
  const entering = weights(4 * size);
  const Wx = Float32Array.from({ length: input * 4 * size }, (_, i) => entering[i % (4 * size)]);
  const lstm = { Wx, Wh: weights(size * 4 * size), b: weights(4 * size) };
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
