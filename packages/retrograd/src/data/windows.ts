/**
 * Windows over series: some steps of input, then the steps to forecast. A window is two whole
 * numbers (its series, its first target); values are only copied when a batch is asked for. A
 * window belongs to the part that holds all of its targets, so no target is shared between parts.
 */
import { fail } from "../errors/data.ts";
import { requirePositive } from "./positive.ts";
import type { Series } from "./series.ts";
import type { Part } from "./split.ts";

/** Series with their features, as `readSeries` gives them, scaled or not. */
export interface SeriesSource {
  series: readonly Series[];
  features: readonly string[];
  /** How many of the features, from the first, are targets. */
  targets: number;
}

export interface WindowOptions {
  /** Steps of input. */
  input: number;
  /** Steps to forecast. */
  horizon: number;
  /** Steps from one window to the next; usually 1. */
  stride?: number;
}

export interface Windows {
  source: SeriesSource;
  input: number;
  horizon: number;
  count: number;
  /** [count]: index of each window's series. */
  series: Int32Array;
  /** [count]: step of each window's first target; the input ends just before it. */
  first: Int32Array;
}

/** Numbers of a batch: float32 for training, float64 for checks. */
export type Floats = Float32Array | Float64Array;
export type FloatName = "float32" | "float64";

export interface Batch {
  /** Windows in the batch; rows beyond them are zero and masked. */
  count: number;
  /** Rows. */
  batch: number;
  /** [batch, input, features] */
  inputs: Floats;
  /** [batch, horizon, targets] */
  targets: Floats;
  /** [batch, horizon, targets]: 1 where a target was observed, 0 where it is filled or padding. */
  mask: Floats;
}

/**
 * All windows whose targets lie in the given parts.
 * @throws "option-positive" for a length that is not a whole number above 0; "windows-none" where
 *         no part can hold a window
 */
export function makeWindows(
  source: SeriesSource,
  parts: readonly Part[],
  { input, horizon, stride = 1 }: WindowOptions,
): Windows {
  requirePositive({ input, horizon, stride });
  const series: number[] = [];
  const first: number[] = [];
  for (const part of parts)
    for (let t = Math.max(part.start, input); t + horizon <= part.end; t += stride) {
      series.push(part.series);
      first.push(t);
    }
  if (first.length === 0) {
    const longest = parts.reduce((most, { start, end }) => Math.max(most, end - start), 0);
    fail("windows-none", { input, horizon, longest });
  }
  return {
    source,
    input,
    horizon,
    count: first.length,
    series: Int32Array.from(series),
    first: Int32Array.from(first),
  };
}

/**
 * Copy some windows into a batch.
 * @param indices which windows, in the order of the batch's rows
 * @param options `batch`: rows, if more than windows (a short last batch of a program with a fixed
 *                shape)
 */
export function takeWindows(
  windows: Windows,
  indices: ArrayLike<number>,
  options: { batch?: number; dtype?: FloatName } = {},
): Batch {
  const { source, input, horizon } = windows;
  const features = source.features.length;
  const rows = Math.max(options.batch ?? 0, indices.length);
  const floats = floatsOf(options.dtype ?? "float32");
  const inputs = floats(rows * input * features);
  const targets = floats(rows * horizon * source.targets);
  const mask = floats(rows * horizon * source.targets);
  for (let row = 0; row < indices.length; row++) {
    const { values, observed } = source.series[windows.series[indices[row]]];
    const first = windows.first[indices[row]];
    inputs.set(
      values.subarray((first - input) * features, first * features),
      row * input * features,
    );
    for (let t = 0; t < horizon; t++)
      for (let k = 0; k < source.targets; k++) {
        const from = (first + t) * features + k;
        const to = (row * horizon + t) * source.targets + k;
        targets[to] = values[from];
        mask[to] = observed[from];
      }
  }
  return { count: indices.length, batch: rows, inputs, targets, mask };
}

/** A maker of zeroed arrays of a type. */
export function floatsOf(dtype: FloatName): (length: number) => Floats {
  return (length) => (dtype === "float64" ? new Float64Array(length) : new Float32Array(length));
}
