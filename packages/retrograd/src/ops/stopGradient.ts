/**
 * stopGradient: the identity whose derivatives are zero. Truncated methods put it on the state
 * between windows; softmax puts it on its maximum.
 */
import { apply, type Op, record, type Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";

export const stopGradientOp: Op<Record<string, never>> = {
  name: "stopGradient",
  lower: "view",
  shape: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  evaluate: (_, [x]) => [x],
  jvp: () => [undefined],
  vjp: () => [undefined],
  batch: (_, [x]) => record(stopGradientOp, [x], {}),
};

/** The same values (a tensor or a tree of tensors), through which no gradient passes. */
export const stopGradient = <T>(tree: T): T =>
  mapTree(tree, (x: Tensor) => (x.isConcrete ? x : apply(stopGradientOp, [x], {})[0]));
