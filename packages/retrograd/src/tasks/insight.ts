/** The gradient's reach for each task: which windows are looked at, and which loss. */
import type { Codes } from "../data/characters.ts";
import { makeTextStreams } from "../data/text.ts";
import type { Windows } from "../data/windows.ts";
import type { TargetName } from "../jit/jit.ts";
import { map } from "../ops/map.ts";
import { slice } from "../ops/slicing.ts";
import { mul, slot, square, sub } from "../scalar/index.ts";
import { feed } from "../train/batch.ts";
import { crossEntropy } from "../train/losses/crossEntropy.ts";
import { forecastModel } from "./forecast.ts";
import type { ForecastConfig } from "./forecastOptions.ts";
import { type Frames, takeFrames } from "./frames.ts";
import { type LanguageConfig, languageModel } from "./language.ts";
import { gradientReach, type Reach } from "./reach.ts";

/** Windows that are looked at. */
const SAMPLE = 32;

const spaced = (count: number): number[] => {
  const n = Math.min(SAMPLE, count);
  return Array.from({ length: n }, (_, i) => Math.floor((i * count) / n));
};

/** ‖∂L/∂state‖ of a forecaster; L is the mean squared error over the horizon. */
export function forecastReach(
  config: ForecastConfig,
  params: unknown,
  frames: Frames,
  windows: Windows,
  target?: TargetName,
): Reach[] {
  const { inputs, targets, mask } = feed(
    takeFrames(frames, windows, spaced(windows.count), config),
  );
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
