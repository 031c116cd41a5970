/**
 * Softmax and its kin, over one axis: they subtract a stopped maximum, so they neither overflow nor
 * differentiate through the choice of it.
 */

import type { Expr } from "../scalar/index.ts";
import * as scalar from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Axes } from "./axes.ts";
import { elementwise } from "./broadcast.ts";
import { add, div, exp, log, sub } from "./elementwise.ts";
import { max, type ReduceOptions, sum } from "./reductions.ts";
import { reshapeTo } from "./reshape.ts";
import { stopGradient } from "./stopGradient.ts";

/** The maximum with its axes kept, or 0 where it is infinite: ∞ − ∞ would be NaN. */
function pivot(x: Tensor, axis?: Axes): Tensor {
  const finite = (e: Expr) => scalar.select(scalar.less(scalar.abs(e), Infinity), e, 0);
  const top = max(stopGradient(x), axis, { keepDims: true });
  return elementwise("pivot", finite, [top]);
}

/** log Σ eˣ over the given axes, all of them by default. */
export function logSumExp(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  const top = pivot(x, axis);
  const wide = add(log(sum(exp(sub(x, top)), axis, { keepDims: true })), top);
  return keepDims ? wide : reshapeTo(wide, sum(stopGradient(x), axis).shape);
}

/** eˣ / Σ eˣ along the given axes, the last one by default. */
export function softmax(x: Tensor, axis: Axes = -1): Tensor {
  const raised = exp(sub(x, pivot(x, axis)));
  return div(raised, sum(raised, axis, { keepDims: true }));
}

/** x − log Σ eˣ along the given axes, the last one by default. */
export function logSoftmax(x: Tensor, axis: Axes = -1): Tensor {
  const moved = sub(x, pivot(x, axis));
  return sub(moved, log(sum(exp(moved), axis, { keepDims: true })));
}
