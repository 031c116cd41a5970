/**
 * Running sums in log₂ n steps: after the step of width w every entry holds the sum of the 2w
 * entries that end with it. The work is n log n, in whole tensors; a scan does it in n, one by one.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { axisOf } from "./axes.ts";
import { add } from "./elementwise.ts";
import { shift } from "./slicing.ts";

/** y[i] = x[0] + … + x[i] along an axis. @throws "axis-range" */
export function cumsum(x: Tensor, axis = 0): Tensor {
  const d = axisOf("cumsum", x, axis);
  let y = x;
  for (let width = 1; width < x.shape[d]; width *= 2) y = add(y, shift(y, width, d));
  return y;
}
