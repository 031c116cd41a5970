/**
 * The season of a series, for the seasonal baseline: the candidate with which its changes repeat,
 * or else the year, where the values of a year ago resemble those of today.
 */
import type { SeriesArchive } from "../data/archive.ts";
import { autocorrelation, seasonalPeriod } from "../data/seasons.ts";
import type { Part } from "../data/split.ts";
import { stepsPer } from "./calendar.ts";

/** Autocorrelation at a year from which the year counts as a season. */
const CLEAR = 0.4;
/** Steps in which a season is looked for: the last ones of the training part. */
const RECENT = 1 << 15;

/** Steps in a season, from the training part alone; 1 where there is none. */
export function seasonOf(set: SeriesArchive, train: readonly Part[]): number {
  const longest = train.reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
  const width = set.features.length;
  const start = Math.max(longest.start, longest.end - RECENT);
  const { values: all, observed } = set.read(longest.series, start, longest.end);
  const values = Float64Array.from({ length: longest.end - start }, (_, t) =>
    observed[t * width] ? all[t * width] : Number.NaN,
  );
  const year = set.isDate ? stepsPer("year", set.frequency) : 0;
  const week = set.isDate ? stepsPer("week", set.frequency) : 0;
  const candidates = [set.season, week].filter((n, i, all) => n > 1 && all.indexOf(n) === i);
  const { period } = seasonalPeriod(values, candidates);
  if (period > 1) return period;
  const seen = year > 1 && year < 5000 && values.length >= 2 * year;
  return seen && autocorrelation(values, year) > CLEAR ? year : 1;
}
