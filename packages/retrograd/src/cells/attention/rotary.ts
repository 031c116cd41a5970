/**
 * Rotary positions: pairs of coordinates turn with the time, slow pairs and fast ones, so that the
 * product of a query and a key depends on how far apart they are, and on nothing else of when.
 */
import { concatenate } from "../../ops/concatenate.ts";
import { linspace } from "../../ops/creation.ts";
import { map } from "../../ops/map.ts";
import { part } from "../../ops/slicing.ts";
import {
  add,
  cos,
  type Expr,
  mul,
  sin,
  slot,
  sub,
  toFloat32,
  toFloat64,
} from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Turn the pairs (x_i, x_{i + d/2}) of every head by position · 10000^(−2i/d).
 *   y_i = x_i cos φ − x_{i + d/2} sin φ      y_{i + d/2} = x_{i + d/2} cos φ + x_i sin φ
 * @param x          [time, heads, d], d even
 * @param positions  int32 [time]; angles are taken in float64, exact to 2³¹ moments
 * Source: Su et al. 2021, arXiv:2104.09864, eq. 34, with other pairs.
 * Checked: a plain loop; products that depend on distances alone.
 */
export function rotated(x: Tensor, positions: Tensor): Tensor {
  const half = x.shape[2] / 2;
  const exponents = linspace(0, -1 + 1 / half, half, { dtype: "float64" });
  const rates = exponents.mul(Math.log(10_000)).exp();
  const angle = mul(toFloat64(slot(0)), slot(1));
  const to = x.dtype === "float64" ? (e: Expr) => e : toFloat32;
  const table = (body: Expr, name: string) =>
    map("t,i->ti", to(body), [positions, rates], { name });
  const [c, s] = [table(cos(angle), "cosine"), table(sin(angle), "sine")];
  const [first, second] = [part(x, 2, 0, half), part(x, 2, half, half)];
  const turned = (a: Tensor, b: Tensor, join: typeof add): Tensor =>
    map("thi,thi,ti,ti->thi", join(mul(slot(0), slot(2)), mul(slot(1), slot(3))), [a, b, c, s], {
      name: "rotary",
    });
  return concatenate([turned(first, second, sub), turned(second, first, add)], 2);
}
