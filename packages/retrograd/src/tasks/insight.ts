/** The gradient's reach for each task: which windows are looked at, and which loss. */
import type { SeriesArchive } from "../data/archive.ts";
import type { Codes } from "../data/characters.ts";
import { rangesOf, spaced } from "../data/ranges.ts";
import type { Part } from "../data/split.ts";
import { makeTextStreams } from "../data/text.ts";
import type { TargetName } from "../jit/jit.ts";
import { map } from "../ops/map.ts";
import { slice } from "../ops/slicing.ts";
import { mul, slot, square, sub } from "../scalar/index.ts";
import { feed } from "../train/batch.ts";
import { crossEntropy } from "../train/losses/crossEntropy.ts";
import { excerptOf } from "./excerpts.ts";
import { forecastModel } from "./forecast.ts";
import type { ForecastConfig } from "./forecastOptions.ts";
import { takeFrames } from "./frames.ts";
import { type LanguageConfig, languageModel } from "./language.ts";
import { gradientReach, type Reach } from "./reach.ts";

/** Windows that are looked at. */
const SAMPLE = 32;

/** ‖∂L/∂state‖ of a forecaster; L is the mean squared error over the horizon. */
export function forecastReach(
  config: ForecastConfig,
  params: unknown,
  archive: SeriesArchive,
  parts: readonly Part[],
  target?: TargetName,
): Reach[] {
  const { window: input, horizon } = config;
  const ranges = rangesOf(parts, { input, horizon });
  const { frames, windows } = excerptOf(archive, ranges.at(spaced(ranges.count, SAMPLE)), config);
  const { inputs, targets, mask } = feed(takeFrames(frames, windows, config));
  const body = mul(square(sub(slot(0), slot(1))), mul(slot(2), 1 / targets.shape[1]));
  return gradientReach(
    forecastModel(config),
    params,
    inputs,
    (output) => map("ab,ab,ab->", body, [output, targets, mask!], { name: "error" }),
    target,
  );
}

/** ‖∂L/∂state‖ of a language model; L is the loss of the last character of a window. */
export function languageReach(
  config: LanguageConfig,
  params: unknown,
  codes: Codes,
  target?: TargetName,
): Reach[] {
  const { window } = config;
  const batch = Math.max(1, Math.min(SAMPLE, Math.floor((codes.length - 1) / window)));
  const text = makeTextStreams(codes, { batch, window }).at(0);
  const { inputs, targets } = feed({
    inputs: { data: text.inputs, shape: [batch, window] },
    targets: { data: text.targets, shape: [batch, window] },
  });
  const last = slice(targets, null, window - 1);
  return gradientReach(
    languageModel(config),
    params,
    inputs,
    (output) => crossEntropy().parts(slice(output, null, window - 1), last).sum,
    target,
  );
}
