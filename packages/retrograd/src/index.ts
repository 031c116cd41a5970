/**
 * retrograd: tensors, the functions on them, their derivatives, loops through time, the compiler.
 * Cells, layers, training and data have entries of their own: "retrograd/cells" and so on; messages
 * are in "retrograd/errors", drawings of programs in "retrograd/graph".
 */

export type { Code } from "./errors/index.ts";
export { RetrogradError } from "./errors.ts";
// Compilation.
export {
  type JitOptions,
  type Jitted,
  jit,
  MOST_SHARDS,
  resident,
  type Shards,
  type TargetName,
} from "./jit/jit.ts";
export {
  cholesky,
  expm,
  fixedPoint,
  parallelScan,
  qr,
  solve,
  whileLoop,
} from "./jit/learned.ts";
// Loops through time.
export { associativeScan } from "./loops/associativeScan.ts";
export {
  type Backward,
  type FixedPointOptions,
  type Found,
  phantom,
} from "./loops/fixedPoint.ts";
export type { ParallelScanOptions } from "./loops/parallelScan.ts";
export { type ScanOptions, type Step, scan } from "./loops/scanTree.ts";
export { anderson, broyden, picard, type Solver } from "./loops/solvers.ts";
export { jacobianPenalty, spectralRadius } from "./loops/spectral.ts";
export * from "./ops/index.ts";
export type { SolveOptions, Triangle } from "./ops/solve.ts";
// Tensors and the functions on them.
export type { Data, DType } from "./scalar/dtype.ts";
export * as scalar from "./scalar/index.ts";
export { prepareThreads } from "./targets/wasm/threads.ts";
export { type Shape, Tensor, type Type, tensor } from "./tensor/tensor.ts";
export type { Tree } from "./tensor/tree.ts";
// Derivatives and batching.
export {
  type BatchOptions,
  batch,
  type GradientOptions,
  grad,
  hessian,
  type JacobianOptions,
  jacobian,
  jvp,
  remat,
  valueAndGrad,
  vjp,
} from "./transform/api.ts";
