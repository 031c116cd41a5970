/**
 * A gradient that has vanished on its way through time is 0. Otherwise it ends in subnormal numbers
 * and stays there, rounded up at each step; processors compute with those up to a hundred times
 * slower, and WebAssembly cannot tell them not to.
 */
import { recordEach } from "../ops/map.ts";
import { abs, less, select, slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** So far above the subnormals that a product with a gate or a weight is not one either. */
const TINY = { float32: 2 ** -110, float64: 2 ** -1000 };

/** t where |t| is at least 2⁻¹¹⁰ (float32) or 2⁻¹⁰⁰⁰ (float64), else 0; NaN stays. */
export function flush(t: Tensor): Tensor {
  const x = slot(0);
  const body = select(less(abs(x), TINY[t.dtype as "float32"]), 0, x);
  return recordEach("flush", body, t);
}
