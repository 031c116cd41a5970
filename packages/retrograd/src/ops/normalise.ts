/** Layer normalisation: the last axis on a scale of its own. */
import { add, div, mul, slot, sqrt, square, sub } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lettersOfRank } from "./axes.ts";
import { map } from "./map.ts";

/**
 * Layer normalisation over the last axis, as five maps: roots are taken once for all of it.
 *   y = (x − m) r ∘ scale + shift, r = 1 / √(v + ε), with the mean m and the (biased) variance v
 * @param x      [..., n]
 * @param scale  [n]
 * @param shift  [n], or nothing to add
 * Source: Ba et al. 2016, arXiv:1607.06450, eq. 3 and 4.
 * Checked: HIPS/autograd, value and every gradient.
 */
export function normalise(
  x: Tensor,
  scale: Tensor,
  shift: Tensor | undefined,
  epsilon: number,
): Tensor {
  const n = x.shape[x.rank - 1];
  const all = lettersOfRank(x.rank);
  const [rows, last] = [all.slice(0, -1), all.slice(-1)];
  const mean = map(`${all}->${rows}`, mul(slot(0), 1 / n), [x], { name: "mean" });
  const centred = map(`${all},${rows}->${all}`, sub(slot(0), slot(1)), [x, mean]);
  const variance = map(`${all}->${rows}`, mul(square(slot(0)), 1 / n), [centred], {
    name: "variance",
  });
  const inverse = map(`${rows}->${rows}`, div(1, sqrt(add(slot(0), epsilon))), [variance], {
    name: "scale",
  });
  const scaled = mul(mul(slot(0), slot(1)), slot(2));
  const [body, more] = shift ? [add(scaled, slot(3)), [shift]] : [scaled, []];
  const spec = `${[all, rows, last, ...more.map(() => last)]}->${all}`;
  return map(spec, body, [centred, inverse, scale, ...more], { name: "layerNorm" });
}
