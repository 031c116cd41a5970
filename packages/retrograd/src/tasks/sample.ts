/** A few batches from all over a file: enough to look at a model, quickly. */
import type { SeriesArchive } from "../data/archive.ts";
import type { Codes } from "../data/characters.ts";
import { rangesOf, spaced } from "../data/ranges.ts";
import { makeTextStreams } from "../data/text.ts";
import type { Batch } from "../train/batch.ts";
import { excerptOf } from "./excerpts.ts";
import type { ForecastConfig } from "./forecastOptions.ts";
import { takeFrames } from "./frames.ts";
import type { LanguageConfig } from "./language.ts";

const BATCHES = 6;
const ROWS = 8;
/** Windows of a text that are read as one sequence, so that what a window cuts off is in it. */
const LONGER = 4;
const TEXT_BATCHES = 4;
const TEXT_ROWS = 4;

/** Batches of windows; each has some from everywhere. Empty where no window fits. */
export function forecastSample(config: ForecastConfig, archive: SeriesArchive): Batch[] {
  const { window: input, horizon } = config;
  const parts = archive.series.map(({ length: end }, series) => ({ series, start: 0, end }));
  const fit = parts.filter(({ end }) => end >= input + horizon);
  if (fit.length === 0) return [];
  const ranges = rangesOf(fit, { input, horizon });
  const places = spaced(ranges.count, BATCHES * ROWS);
  const count = Math.min(BATCHES, places.length);
  return Array.from({ length: count }, (_, k) => {
    const own = ranges.at(places.filter((_, i) => i % count === k));
    const { frames, windows } = excerptOf(archive, own, config);
    return takeFrames(frames, windows, config);
  });
}

/** Batches of sequences of up to four windows. Empty where the text is too short for any. */
export function languageSample(config: LanguageConfig, codes: Codes): Batch[] {
  const each = Math.floor((codes.length - 1) / TEXT_ROWS);
  const window = Math.min(LONGER * config.window, each);
  if (window < 2) return [];
  const streams = makeTextStreams(codes, { batch: TEXT_ROWS, window });
  const whole = Math.max(1, Math.floor(each / window));
  return spaced(whole, TEXT_BATCHES).map((index) => {
    const { inputs, targets, mask } = streams.at(index);
    const shape = [TEXT_ROWS, window];
    return {
      inputs: { data: inputs, shape },
      targets: { data: targets, shape },
      mask: { data: mask, shape },
    };
  });
}
