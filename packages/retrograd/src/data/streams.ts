/**
 * Stateful windows for truncated backpropagation: long sequences run through the rows of a batch,
 * each window of a row going on where the last one of that row ended. Where a sequence begins,
 * `start` is 1 and the carried state must be reset; everywhere else it is carried. Every step
 * forecasts the next.
 */

import { requirePositive } from "./positive.ts";
import { permutation } from "./shuffle.ts";
import type { Part } from "./split.ts";
import { type FloatName, type Floats, floatsOf, type SeriesSource } from "./windows.ts";

export interface StreamOptions {
  /** Steps of a window. */
  window: number;
  /** Rows of a batch. */
  batch: number;
  /** Steps before a part that run first to warm the state up, without targets; usually 0. */
  warmUp?: number;
  /** Order the sequences by (seed, epoch); in their own order if left out. */
  seed?: number;
  epoch?: number;
}

/** A batch of stateful windows. */
export interface StreamBatch {
  /** [batch, window, features]; zero beyond the end of a sequence. */
  inputs: Floats;
  /** [batch, window, targets]: the targets one step later. */
  targets: Floats;
  /** [batch, window, targets]: 1 where the target was observed and belongs to the part. */
  mask: Floats;
  /** [batch]: 1 where a sequence begins, and the row's state must be reset. */
  start: Uint8Array;
  /** [batch]: steps of the window that belong to a sequence; 0 for a row that has run out. */
  lengths: Int32Array;
}

/** The batches of one epoch; any of them can be asked for, so that a run can resume at any. */
export interface Streams {
  /** Batches in the epoch. */
  count: number;
  at(index: number, dtype?: FloatName): StreamBatch;
}

/**
 * Steps [from, to) of a series that are inputs; the targets of those before `counts` are masked.
 */
interface Stretch {
  series: number;
  from: number;
  to: number;
  counts: number;
}

/**
 * Run the parts through the rows of a batch. Where there are fewer parts than rows, each is cut
 * into pieces of equal length, so that no row is idle.
 * @throws "option-positive", "seed-invalid"
 */
export function makeStreams(
  source: SeriesSource,
  parts: readonly Part[],
  options: StreamOptions,
): Streams {
  const { window, batch, warmUp = 0, seed, epoch = 0 } = options;
  requirePositive({ window, batch });
  const pieces = Math.max(1, Math.ceil(batch / Math.max(1, parts.length)));
  const stretches = parts.flatMap((part) => cut(part, pieces, warmUp));
  const order = seed === undefined ? stretches.keys() : permutation(stretches.length, seed, epoch);
  const rows: { stretch: Stretch; offset: number }[][] = Array.from({ length: batch }, () => []);
  for (const s of order) {
    const row = rows.reduce((least, next) => (next.length < least.length ? next : least));
    const stretch = stretches[s];
    for (let offset = stretch.from; offset < stretch.to; offset += window)
      row.push({ stretch, offset });
  }
  const count = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const at = (index: number, dtype: FloatName = "float32") => {
    const features = source.features.length;
    const floats = floatsOf(dtype);
    const result: StreamBatch = {
      inputs: floats(batch * window * features),
      targets: floats(batch * window * source.targets),
      mask: floats(batch * window * source.targets),
      start: new Uint8Array(batch),
      lengths: new Int32Array(batch),
    };
    rows.forEach((row, r) => {
      const next = row[index];
      if (next) fillRow(source, next.stretch, next.offset, window, r, result);
    });
    return result;
  };
  return { count, at };
}

/** Cut a part into pieces of nearly equal numbers of targets. */
function cut({ series, start, end }: Part, pieces: number, warmUp: number): Stretch[] {
  const first = Math.max(start, 1);
  const targets = Math.max(0, end - first);
  return Array.from({ length: pieces }, (_, p) => {
    const counts = first + Math.floor((targets * p) / pieces) - 1;
    const to = first + Math.floor((targets * (p + 1)) / pieces) - 1;
    return { series, from: Math.max(0, counts - warmUp), to, counts };
  }).filter(({ counts, to }) => counts < to);
}

function fillRow(
  source: SeriesSource,
  stretch: Stretch,
  offset: number,
  window: number,
  row: number,
  batch: StreamBatch,
): void {
  const { values, observed } = source.series[stretch.series];
  const features = source.features.length;
  const length = Math.min(window, stretch.to - offset);
  batch.start[row] = offset === stretch.from ? 1 : 0;
  batch.lengths[row] = length;
  batch.inputs.set(
    values.subarray(offset * features, (offset + length) * features),
    row * window * features,
  );
  for (let t = 0; t < length; t++)
    for (let k = 0; k < source.targets; k++) {
      const from = (offset + t + 1) * features + k;
      const to = (row * window + t) * source.targets + k;
      batch.targets[to] = values[from];
      batch.mask[to] = offset + t >= stretch.counts ? observed[from] : 0;
    }
}
