/** The cells, and the way to declare one's own. */
export { activate, activations } from "./activation.ts";
// Attention: over the past of a sequence, and over another sequence.
export type { Attended } from "./attention/attend.ts";
export { attending, type Path, type Remembered } from "./attention/attending.ts";
export {
  type Attention,
  additiveAttention,
  dotAttention,
  multiHeadAttention,
  type Reading,
  type ReadSizes,
} from "./attention/kinds.ts";
export { transformer } from "./attention/transformer.ts";
export { type Window, windowedAttention } from "./attention/windowed.ts";
export {
  type Bidirectional,
  type BidirectionalOptions,
  bidirectional,
  isBidirectional,
} from "./bidirectional.ts";
// Linear recurrences and state spaces, and the block that stacks them.
export { type BlockOptions, block } from "./block.ts";
export {
  type Cell,
  type CellDefinition,
  type CellFactory,
  type CellOptions,
  cell,
  type Evaluation,
  type Moment,
  type Moments,
  type Next,
  type Sequence,
  type Shapes,
  type Sizes,
  type Traced,
} from "./cell.ts";
export { type Composite, composite, type Through } from "./composite.ts";
// Continuous time.
export { cfc } from "./continuous/cfc.ts";
export { ltc } from "./continuous/ltc.ts";
export { shPlrnn } from "./continuous/shPlrnn.ts";
export { equilibrium } from "./equilibrium.ts";
export { gru } from "./gru.ts";
// Gradient highways.
export { dilated } from "./highways/dilated.ts";
export { leaky, retentionOf, timeConstantOf } from "./highways/leaky.ts";
export { type ResidualOptions, residual } from "./highways/residual.ts";
export { type Drawn, drawTree, Initial, type Initialisers, init } from "./init.ts";
export { isCell } from "./isCell.ts";
export type { Between } from "./linear/between.ts";
export { causalConvolution } from "./linear/causalConvolution.ts";
export type { Complex, Quantity } from "./linear/complex.ts";
export { lru } from "./linear/lru.ts";
export { type MambaOptions, mamba } from "./linear/mamba.ts";
export { minGru, minLstm } from "./linear/minimal.ts";
export { type Affine, type LinearDefinition, linearCell } from "./linear/recurrence.ts";
export { rgLru } from "./linear/rgLru.ts";
export { s5 } from "./linear/s5.ts";
export { selective } from "./linear/selective.ts";
export { lstm } from "./lstm.ts";
// Matrices as state.
export { deltaNet } from "./matrix/deltaNet.ts";
export { gatedDeltaNet } from "./matrix/gatedDeltaNet.ts";
export { mLstm } from "./matrix/mLstm.ts";
export { rwkv7 } from "./matrix/rwkv7.ts";
export { rwkv7Channels } from "./matrix/rwkv7Channels.ts";
export { sLstm } from "./matrix/sLstm.ts";
export { newton } from "./newton.ts";
export { rnn } from "./rnn.ts";
export { sequenceOf } from "./sequence.ts";
export { type StackOptions, stack } from "./stack.ts";
// Structured recurrences.
export { antisymmetric } from "./structured/antisymmetric.ts";
export { constrained } from "./structured/constrained.ts";
export { coRnn } from "./structured/coRnn.ts";
export { complexModRelu, modRelu } from "./structured/modRelu.ts";
export { orthogonal } from "./structured/orthogonal.ts";
export type { Recurrence } from "./structured/recurrence.ts";
export { cayleyRotation, exponentialRotation, reflected, skew } from "./structured/rotations.ts";
export { spectralBound, spectralNorm } from "./structured/spectral.ts";
export { uniCornn } from "./structured/uniCornn.ts";
export { unitary } from "./structured/unitary.ts";
export { batchStep, type StepGraph, type StepTypes, traceStep, typesOfCell } from "./trace.ts";
export { startOf, throughTime, type UnrollOptions } from "./unroll.ts";
export { type ZoneoutRates, zoneout } from "./zoneout.ts";
