/**
 * Mean, deviation and range of values that are read in pieces: two passes in the order of time, so
 * that the sums, and their rounding, are those of values in memory.
 */
import { piecesOfPart, type Readable } from "./archive.ts";
import type { Part } from "./split.ts";

/** Figures of the observed values of one feature; without any, no number is meant. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Mean squared distance from the mean. */
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Figures of every feature over some parts. */
export function momentsOf(archive: Readable, parts: readonly Part[]): Moments[] {
  const features = archive.features.length;
  const [sums, counts, squares] = [0, 1, 2].map(() => new Float64Array(features));
  const min = new Float64Array(features).fill(Infinity);
  const max = new Float64Array(features).fill(-Infinity);
  eachObserved(archive, parts, (value, f) => {
    counts[f]++;
    sums[f] += value;
    if (value < min[f]) min[f] = value;
    if (value > max[f]) max[f] = value;
  });
  const means = sums.map((sum, f) => sum / counts[f]);
  eachObserved(archive, parts, (value, f) => {
    squares[f] += (value - means[f]) ** 2;
  });
  return archive.features.map((_, f) => ({
    ...{ count: counts[f], mean: means[f], variance: squares[f] / counts[f] },
    ...{ min: min[f], max: max[f] },
  }));
}

/** Every observed value of some parts, with its feature, in the order of time. */
export function eachObserved(
  archive: Readable,
  parts: readonly Part[],
  visit: (value: number, feature: number) => void,
): void {
  const features = archive.features.length;
  for (const part of parts)
    for (const { values, observed } of piecesOfPart(archive, part))
      for (let i = 0, f = 0; i < values.length; i++) {
        if (observed[i]) visit(values[i], f);
        if (++f === features) f = 0;
      }
}
