/**
 * Excerpts: as much of an archive as some windows look at, as frames in memory. Windows that
 * overlap share their steps. Everything that works on frames works on an excerpt, to the same bits.
 */
import type { SeriesArchive } from "../data/archive.ts";
import type { Places } from "../data/ranges.ts";
import type { Series } from "../data/series.ts";
import type { Windows } from "../data/windows.ts";
import { type FrameConfig, type Frames, framesOf } from "./frames.ts";

export interface Excerpt {
  readonly frames: Frames;
  /** The windows, in the order in which they were asked for, by their places in the excerpt. */
  readonly windows: Windows;
}

interface Stretch {
  readonly series: number;
  readonly from: number;
  to: number;
}

/** Read what windows see, forecast and start from; steps beyond the end of a series are absent. */
export function excerptOf(archive: SeriesArchive, places: Places, config: FrameConfig): Excerpt {
  const { window, horizon, season } = config;
  const back = Math.max(window, season);
  const { series, first, count } = places;
  const order = Array.from({ length: count }, (_, w) => w);
  order.sort((a, b) => series[a] - series[b] || first[a] - first[b]);
  const stretches: Stretch[] = [];
  const own = new Int32Array(count);
  const moved = new Int32Array(count);
  for (const w of order) {
    const from = Math.max(0, first[w] - back);
    const to = Math.min(first[w] + horizon, archive.series[series[w]].length);
    const last = stretches.at(-1);
    if (last && last.series === series[w] && from <= last.to) last.to = Math.max(last.to, to);
    else stretches.push({ series: series[w], from, to });
    own[w] = stretches.length - 1;
    moved[w] = first[w] - stretches[own[w]].from;
  }
  const read = stretches.map(({ series: s, from, to }): Series => {
    const { name, frequency } = archive.series[s];
    return { name, frequency, ...archive.read(s, from, to) };
  });
  const frames = framesOf({ ...archive, series: read }, config);
  const windows = { source: frames.set, input: window, horizon, count, series: own, first: moved };
  return { frames, windows };
}
