/**
 * From a file's content to a trained model: forecasters of tables, language models of texts. Each
 * is prepared (every open choice is made, and said), trained by `train`, scored beside what costs
 * nothing, and kept as config.json and weights.safetensors.
 */
export { type Counts, countCharacters } from "./counts.ts";
export { type Excerpt, excerptOf } from "./excerpts.ts";
export { type ForecastTask, forecastModel, prepareForecast, prepareSeries } from "./forecast.ts";
export {
  type Forecaster,
  type Future,
  forecaster,
  forecastFuture,
  readArchive,
  spreadOf,
} from "./forecaster.ts";
export {
  AROUNDS,
  type Around,
  type ForecastConfig,
  type ForecastOptions,
  type Spread,
} from "./forecastOptions.ts";
export type { Frames } from "./frames.ts";
export { type GenerateOptions, generate } from "./generate.ts";
export { forecastReach, languageReach } from "./insight.ts";
export {
  type LanguageConfig,
  type LanguageOptions,
  type LanguageParts,
  type LanguageTask,
  languageModel,
  prepareLanguage,
} from "./language.ts";
export { type LanguageScores, scoreLanguage } from "./languageScores.ts";
export {
  CELLS,
  type CellName,
  type Learning,
  type Lessons,
  METHODS,
  type MethodName,
  type Network,
  type RecurrentModel,
  trainOptions,
} from "./learning.ts";
export { methodOf } from "./method.ts";
export {
  decodeWeights,
  encodeWeights,
  MODEL_FORMAT,
  type ModelConfig,
  networkOf,
  readModelConfig,
} from "./modelFile.ts";
export { describeReach, gradientReach, type Reach, type ReachSummary } from "./reach.ts";
export { forecastSample, languageSample } from "./sample.ts";
export { baselinesOf, type ForecastScores, type Score, scoreForecasts } from "./scores.ts";
export { type FileKind, type Sniffed, sniff } from "./sniff.ts";
