/**
 * Which samples form which batch of an epoch: by chance, by length, or in order. All are a pure
 * function of (seed, epoch). Sequences of different lengths are padded to the longest, with a mask.
 */
import { fail } from "../errors/data.ts";
import { requirePositive } from "./positive.ts";
import { permutation } from "./shuffle.ts";
import { type FloatName, type Floats, floatsOf } from "./windows.ts";

export interface BatchOptions {
  /** Samples in a batch. */
  batch: number;
  /** Shuffle by this seed and `epoch`; samples stay in order if left out. */
  seed?: number;
  epoch?: number;
  /** What to do with the samples that do not fill a batch; usually kept as a smaller one. */
  last?: "keep" | "drop";
}

/**
 * The batches of an epoch, as indices of samples.
 * @throws "option-positive", "seed-invalid"
 */
export function epochBatches(count: number, options: BatchOptions): Uint32Array[] {
  const { batch, seed, epoch = 0, last = "keep" } = options;
  requirePositive({ batch });
  const order =
    seed === undefined
      ? Uint32Array.from({ length: count }, (_, i) => i)
      : permutation(count, seed, epoch);
  const length = last === "drop" ? Math.floor(count / batch) : Math.ceil(count / batch);
  return Array.from({ length }, (_, k) => order.subarray(k * batch, (k + 1) * batch));
}

/**
 * Batches of samples of similar length, so that little is padding: samples are sorted by length,
 * cut into batches, and the batches are shuffled. Samples of equal length change places every
 * epoch.
 * @param lengths [samples]
 * @throws "option-positive", "seed-invalid"
 */
export function bucketByLength(lengths: ArrayLike<number>, options: BatchOptions): Uint32Array[] {
  const { batch, seed, epoch = 0, last = "keep" } = options;
  requirePositive({ batch });
  const ranks = seed === undefined ? null : permutation(lengths.length, seed, epoch);
  const order = Uint32Array.from({ length: lengths.length }, (_, i) => i).sort(
    (a, b) => lengths[a] - lengths[b] || (ranks ? ranks[a] - ranks[b] : a - b),
  );
  const whole = epochBatches(order.length, { batch, last });
  const buckets = whole.map((places) => Uint32Array.from(places, (place) => order[place]));
  if (seed === undefined) return buckets;
  // The second half of the epochs' range keeps this draw apart from the one that ranks samples.
  const turn = permutation(buckets.length, seed, (epoch + 2 ** 31) % 2 ** 32);
  return Array.from(turn, (k) => buckets[k]);
}

/** Sequences brought to one length. */
export interface Padded {
  /** [batch, time, features]; zero beyond the end of a sequence. */
  values: Floats;
  /** [batch, time]: 1 for a step of the sequence, 0 for padding. */
  mask: Floats;
  /** [batch] */
  lengths: Int32Array;
  /** Steps of the longest sequence. */
  time: number;
}

/**
 * Pad sequences at their ends to the longest of them, or to `time` steps.
 * @param sequences each [time, features], row-major
 * @throws "option-positive"; "batch-ragged" where a length is no multiple of the features
 */
export function padSequences(
  sequences: readonly ArrayLike<number>[],
  { features = 1, time = 1, dtype = "float32" as FloatName } = {},
): Padded {
  requirePositive({ features, time });
  sequences.forEach(({ length }, row) => {
    if (length % features !== 0) fail("batch-ragged", { row, length, features });
  });
  const lengths = Int32Array.from(sequences, ({ length }) => length / features);
  const longest = lengths.reduce((most, length) => Math.max(most, length), time);
  const values = floatsOf(dtype)(sequences.length * longest * features);
  const mask = floatsOf(dtype)(sequences.length * longest);
  sequences.forEach((sequence, row) => {
    values.set(sequence, row * longest * features);
    mask.fill(1, row * longest, row * longest + lengths[row]);
  });
  return { values, mask, lengths, time: longest };
}
