/**
 * An optimizer: a formula for the next parameters from the gradient and what it remembers. Both are
 * trees of the parameters' own structure, so that the whole update lies inside the compiled step.
 */
import { allocate } from "../../scalar/index.ts";
import { concrete, type Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";

/** What changes from one update to the next without changing the program. */
export interface Moment {
  /** Learning rate, a scalar. */
  readonly rate: Tensor;
  /** Number of this update, a scalar float: 1 for the first. */
  readonly step: Tensor;
}

export interface Optimizer {
  readonly name: string;
  /** The learning rate before any schedule. */
  readonly rate: number;
  /** Every number in its formula, for checkpoints and reports. */
  readonly settings: Readonly<Record<string, number | boolean>>;
  /** What it remembers before the first update: a tree. */
  init(params: unknown): any;
  /** The next parameters and the next memory. */
  update(grads: unknown, state: any, params: any, moment: Moment): { params: any; state: any };
}

/** Zeros of the types of `params`. */
export const zerosLike = (params: unknown): any =>
  mapTree(params, (p: Tensor) =>
    concrete(allocate(p.dtype, p.size), { shape: p.shape, dtype: p.dtype }),
  );
