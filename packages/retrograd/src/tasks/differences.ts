/**
 * What a forecaster learns to forecast: differences from the simple forecast that errs least in the
 * training part. The network starts from what costs nothing and has only to find what is left.
 */

import { piecesOfPart, type SeriesArchive } from "../data/archive.ts";
import { rangesOf } from "../data/ranges.ts";
import { type Scaler, scale } from "../data/scalers.ts";
import type { Part } from "../data/split.ts";
import type { Windows } from "../data/windows.ts";
import { fail } from "../errors/data.ts";
import { type Excerpt, excerptOf } from "./excerpts.ts";
import type { Around, Differences } from "./forecastOptions.ts";
import { baseOf, type Frame, type FrameConfig, type Frames } from "./frames.ts";

/** Windows looked at, spread evenly over the training part. */
const ENOUGH = 2000;

/** Windows of the training part that are enough to estimate a mean from. @throws "windows-none" */
export function sampleWindows(
  archive: SeriesArchive,
  train: readonly Part[],
  config: FrameConfig,
): Excerpt {
  const { window: input, horizon } = config;
  const ranges = rangesOf(train, { input, horizon });
  if (ranges.count === 0) {
    const longest = train.reduce((most, { start, end }) => Math.max(most, end - start), 0);
    fail("windows-none", { input, horizon, longest });
  }
  const stride = Math.max(1, Math.floor(ranges.count / ENOUGH));
  const length = Math.floor(ranges.count / stride);
  const kept = Array.from({ length }, (_, i) => i * stride);
  return excerptOf(archive, ranges.at(kept), config);
}

/** Mean and standard deviation of the differences from a base, for each target. */
export function spreadAround(frames: Frames, windows: Windows, config: FrameConfig) {
  const sums = Array.from({ length: frames.targets }, () => [0, 0, 0]);
  eachTarget(frames, windows, config, (frame, place, observed, value) => {
    if (!observed) return;
    const base = baseOf(frame, config, frames.set.features.length, place);
    const sum = sums[place.k];
    sum[0]++;
    sum[1] += value - base;
    sum[2] += (value - base) ** 2;
  });
  return sums.map(([n, total, squares]) => {
    const mean = n ? total / n : 0;
    const square = n ? squares / n : 1;
    return { mean, deviation: Math.sqrt(Math.max(0, square - mean ** 2)) || 1, square };
  });
}

/** The base with the smallest mean squared difference; a season must have been seen to be one. */
export function chooseAround(frames: Frames, windows: Windows, config: FrameConfig): Around {
  const usable: Around[] = config.season > 1 ? ["mean", "last", "season"] : ["mean", "last"];
  const errors = usable.map((around) =>
    spreadAround(frames, afterSeason(windows, config.season), { ...config, around }).reduce(
      (sum, { square }) => sum + square,
      0,
    ),
  );
  return usable[errors.indexOf(Math.min(...errors))];
}

/** Windows whose base one season before exists; all of them where none has. */
export function afterSeason(windows: Windows, season: number): Windows {
  const kept = Array.from(windows.first.keys()).filter((w) => windows.first[w] >= season);
  if (kept.length === 0) return windows;
  const pick = (list: Int32Array) => Int32Array.from(kept, (w) => list[w]);
  return {
    ...windows,
    count: kept.length,
    series: pick(windows.series),
    first: pick(windows.first),
  };
}

/** Shift and scale of the differences, and the size of those within a window. */
export function differencesOf(
  frames: Frames,
  windows: Windows,
  config: FrameConfig,
  drift: boolean,
): Differences {
  const found = spreadAround(frames, windows, config);
  return {
    shift: found.map(({ mean }) => mean),
    scale: found.map(({ deviation }) => deviation),
    inside: drift ? insideOf(frames, windows, config.window) : null,
  };
}

function insideOf(frames: Frames, windows: Windows, window: number): number[] {
  const width = frames.columns.length;
  return Array.from({ length: frames.targets }, (_, k) => {
    let [sum, count] = [0, 0];
    for (let w = 0; w < windows.count; w++) {
      const { inputs } = frames.frames[windows.series[w]];
      const last = inputs[(windows.first[w] - 1) * width + k];
      for (let t = 2; t <= window; t++) {
        sum += (inputs[(windows.first[w] - t) * width + k] - last) ** 2;
        count++;
      }
    }
    return Math.sqrt(sum / Math.max(1, count)) || 1;
  });
}

/**
 * Whether a series drifts: the means of its two halves are further apart than its values are wide.
 */
export function drifts(archive: SeriesArchive, scaler: Scaler, train: readonly Part[]): boolean {
  const [target] = archive.features;
  const votes = train.map((part) => {
    const { name } = archive.series[part.series];
    const mean = (start: number, end: number, of = (value: number) => value) => {
      let sum = 0;
      for (const { values } of piecesOfPart(archive, { ...part, start, end })) {
        const width = archive.features.length;
        const own = new Float64Array(values.length / width);
        for (let t = 0; t < own.length; t++) own[t] = values[t * width];
        for (const value of scale(scaler, own, name, [target])) sum += of(value);
      }
      return sum / Math.max(1, end - start);
    };
    const { start, end } = part;
    const half = start + ((end - start) >> 1);
    const all = mean(start, end);
    const deviation = Math.sqrt(mean(start, end, (value) => (value - all) ** 2));
    return Math.abs(mean(half, end) - mean(start, half)) > deviation;
  });
  return votes.filter(Boolean).length * 2 > votes.length;
}

function eachTarget(
  frames: Frames,
  windows: Windows,
  { horizon }: FrameConfig,
  visit: (
    frame: Frame,
    place: { first: number; h: number; k: number },
    observed: number,
    value: number,
  ) => void,
): void {
  const width = frames.set.features.length;
  for (let w = 0; w < windows.count; w++) {
    const frame = frames.frames[windows.series[w]];
    const first = windows.first[w];
    for (let h = 0; h < horizon; h++)
      for (let k = 0; k < frames.targets; k++) {
        const at = (first + h) * width + k;
        visit(frame, { first, h, k }, frame.series.observed[at], frame.scaled[at]);
      }
  }
}
