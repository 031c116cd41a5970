/**
 * The season of a series, for the seasonal baseline: the candidate with which its changes repeat,
 * or else the year, where the values of a year ago resemble those of today.
 */
import { autocorrelation, seasonalPeriod } from "../data/seasons.ts";
import type { SeriesSet } from "../data/series.ts";
import type { Part } from "../data/split.ts";
import { stepsPer } from "./calendar.ts";

/** Autocorrelation at a year from which the year counts as a season. */
const CLEAR = 0.4;

/** Steps in a season, from the training part alone; 1 where there is none. */
export function seasonOf(set: SeriesSet, train: readonly Part[]): number {
  const longest = train.reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
  const width = set.features.length;
  const values = Float64Array.from({ length: longest.end - longest.start }, (_, t) => {
    const at = (longest.start + t) * width;
    const { values: all, observed } = set.series[longest.series];
    return observed[at] ? all[at] : Number.NaN;
  });
  const year = set.isDate ? stepsPer("year", set.frequency) : 0;
  const week = set.isDate ? stepsPer("week", set.frequency) : 0;
  const candidates = [set.season, week].filter((n, i, all) => n > 1 && all.indexOf(n) === i);
  const { period } = seasonalPeriod(values, candidates);
  if (period > 1) return period;
  const seen = year > 1 && year < 5000 && values.length >= 2 * year;
  return seen && autocorrelation(values, year) > CLEAR ? year : 1;
}
