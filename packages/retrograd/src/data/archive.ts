/**
 * Series that are read in pieces. Whoever works on an archive asks for steps [from, to) of a series
 * and holds no more than that, so series on disk and series in memory are treated alike, to the
 * same bits.
 */
import type { Frequency } from "./frequency.ts";
import type { Steps } from "./missing.ts";
import type { Series, SeriesSet } from "./series.ts";
import type { Part } from "./split.ts";

/** What is known of a series without reading it. */
export interface Outline {
  readonly name: string;
  readonly frequency: Frequency;
  /** Steps. */
  readonly length: number;
  /** Times of its first and its last step. */
  readonly first: number;
  readonly last: number;
}

export interface SeriesArchive extends Omit<SeriesSet, "series"> {
  readonly series: readonly Outline[];
  /** Steps [from, to) of a series, 0 ≤ from ≤ to ≤ length; not to be written to. */
  read(series: number, from: number, to: number): Steps;
}

/** What passes over values need of an archive. */
export type Readable = Pick<SeriesArchive, "features" | "series" | "read">;

/** Series in memory as an archive. */
export function archiveOf(set: SeriesSet): SeriesArchive {
  return { ...set, ...readable(set) };
}

export function readable(set: {
  readonly series: readonly Series[];
  readonly features: readonly string[];
}): Readable {
  const features = [...set.features];
  return {
    features,
    series: set.series.map(({ name, frequency, times }) => ({
      ...{ name, frequency, length: times.length },
      first: times[0],
      last: times[times.length - 1],
    })),
    read(series, from, to) {
      const { times, values, observed } = set.series[series];
      const [start, end] = [from * features.length, to * features.length];
      return {
        times: times.subarray(from, to),
        values: values.subarray(start, end),
        observed: observed.subarray(start, end),
      };
    },
  };
}

/** The archive with some of its series, in the order of their numbers. */
export const pickSeries = (archive: SeriesArchive, kept: readonly number[]): SeriesArchive => ({
  ...archive,
  series: kept.map((s) => archive.series[s]),
  read: (series, from, to) => archive.read(kept[series], from, to),
});

/** Steps that are gone through at a time. */
const PIECE = 1 << 13;

/** The steps of a part in order, some at a time, each time with up to `before` earlier ones. */
export function* piecesOfPart(
  { read }: Readable,
  { series, start, end }: Part,
  before = 0,
): Iterable<Steps & { readonly earlier: number }> {
  for (let at = start; at < end; at += PIECE) {
    const from = Math.max(start, at - before);
    yield { ...read(series, from, Math.min(at + PIECE, end)), earlier: at - from };
  }
}
