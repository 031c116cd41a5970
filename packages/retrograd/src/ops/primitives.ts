/**
 * Every primitive of this floor in one place, for the compiler: it has one rule for each way of
 * lowering ("map", "view", "copy") and one for each op that is lowered by its name ("host").
 */
export { allReduceOp } from "./allReduce.ts";
export { choleskyOp } from "./cholesky.ts";
export { type ConcatenateAttrs, concatenateOp } from "./concatenate.ts";
export { type FlipAttrs, flipOp } from "./flip.ts";
export { type GatherAttrs, gatherOp, type ScatterAddAttrs, scatterAddOp } from "./gather.ts";
export { type MapAttrs, mapOp } from "./map.ts";
export { qrOp } from "./qr.ts";
export { type ReshapeAttrs, reshapeOp } from "./reshape.ts";
export { type PadAttrs, padOp, type SliceAttrs, sliceOp } from "./slice.ts";
export { type SolveAttrs, solveOp } from "./solve.ts";
export { stopGradientOp } from "./stopGradient.ts";
export { type TopKAttrs, topKOp } from "./topK.ts";
