/**
 * The ops floor: tensors from nothing, elementwise functions, reductions, products, shapes, indices
 * and random numbers, as functions and as methods. The primitives they are made of: primitives.ts.
 */
import "./methods.ts";

export { allReduce } from "./allReduce.ts";
export type { Axes } from "./axes.ts";
export { broadcastTo, type Operand } from "./broadcast.ts";
export { concatenate, stack } from "./concatenate.ts";
export {
  arange,
  type CreateOptions,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from "./creation.ts";
export { cumsum } from "./cumulative.ts";
export * from "./elementwise.ts";
export { flip } from "./flip.ts";
export { diagonal, dot, einsum, matmul, outer, trace, tril, triu } from "./linear.ts";
export { type MapOptions, map } from "./map.ts";
export * as random from "./random.ts";
export * from "./reductions.ts";
export { reshape } from "./reshape.ts";
export { expandDims, flatten, moveAxis, squeeze, swapAxes, tile, transpose } from "./shape.ts";
export { at, pad, type Range, roll, shift, slice, split } from "./slicing.ts";
export { logSoftmax, logSumExp, softmax } from "./softmax.ts";
export { stopGradient } from "./stopGradient.ts";
export { oneHot, scatterAdd, type TakeOptions, take } from "./take.ts";
export { argsort, type SortOptions, sort, topK } from "./topK.ts";
