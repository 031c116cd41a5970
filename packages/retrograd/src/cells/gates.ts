/**
 * What gated cells share: biases that may be absent or twofold, and gates taken from one product.
 */
import type { Tensor } from "../tensor/tensor.ts";
import type { Initial } from "./init.ts";

/** Parameters for 0, 1 or 2 biases: b is added to what x gives, bh to what h gives. */
export function biasesOf(count: 0 | 1 | 2, b: Initial, bh: Initial): { b?: Initial; bh?: Initial } {
  return { ...(count > 0 && { b }), ...(count > 1 && { bh }) };
}

/** a + b + bh, of those that are there. */
export const addBiases = (a: Tensor, b?: Tensor, bh?: Tensor): Tensor => plus(plus(a, b), bh);
export const plus = (a: Tensor, b?: Tensor): Tensor => (b ? a.add(b) : a);

/** The gates of [gates, size], one [size] each. */
export const gatesOf = (a: Tensor): Tensor[] =>
  Array.from({ length: a.shape[0] }, (_, gate) => a.slice(gate));
