/** The layers, and models made of them. */

export { normalise } from "../ops/normalise.ts";
export { activation } from "./activation.ts";
export { type DenseOptions, dense } from "./dense.ts";
export { countParameters, describe, type LayerRow, rowsOf } from "./describe.ts";
export { type DropoutOptions, dropout } from "./dropout.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { frozen } from "./frozen.ts";
// Generation: sequences, symbol by symbol.
export {
  type Beam,
  type BeamOptions,
  beam,
  type Found,
  type Search,
  searched,
} from "./generation/beam.ts";
export {
  type ContinueOptions,
  continued,
  continuing,
  type GenerateOptions,
  generate,
  type Speaking,
  type Stepping,
} from "./generation/generate.ts";
export {
  type CutOptions,
  greedy,
  nucleus,
  type Sampling,
  temperature,
  topK,
} from "./generation/sampling.ts";
export { everyStep, lastStep, maxOverTime, meanOverTime } from "./heads.ts";
export type { Context, Flow, Layer, Plan, Ran } from "./layer.ts";
export { type ApplyOptions, type InitOptions, type Model, modelOf } from "./model.ts";
export { type LayerNormOptions, layerNorm } from "./norm.ts";
// From one sequence to another.
export type { DecoderOptions } from "./sequences/decoder.ts";
export {
  type EncoderDecoder,
  type EncoderDecoderOptions,
  encoderDecoder,
  type PairOptions,
} from "./sequences/encoderDecoder.ts";
export {
  constantTruth,
  exponentialTruth,
  inverseSigmoidTruth,
  linearTruth,
  type TruthSchedule,
} from "./sequences/scheduledSampling.ts";
export type { Telling, TellingOptions } from "./sequences/telling.ts";
export { type ParamsOf, type Sequential, sequential } from "./sequential.ts";
export type { Live, Value } from "./stream.ts";
export { type Unrolled, type UnrollLayerOptions, unroll } from "./unroll.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  fromTorch,
  type TorchOptions,
  toTorch,
  treeOf,
  type Weights,
} from "./weights.ts";
