/**
 * Activations: formulas over the rows, so they need no derivative and no expansion of their own.
 * Choices are selects that let NaN through; the slope at a kink is the one on its left.
 */
import { abs, add, div, less, lessEqual, mul, neg, select } from "./arithmetic.ts";
import { erf, expm1, logistic, softplus, tanh } from "./elementary.ts";
import { type Arg, type Expr, scalar } from "./expr.ts";

/** x held within [low, high]; NaN stays NaN. */
export const clip = (x: Arg, low: Arg, high: Arg): Expr =>
  select(lessEqual(x, low), low, select(less(high, x), high, x));

export const square = (x: Arg): Expr => mul(x, x);
/** A row for its derivative: read off the value, it does not ask for what x was. */
export const relu = scalar("relu", {
  evaluate: (x) => (x <= 0 ? 0 : x),
  partials: [(_, y) => select(lessEqual(y, 0), 0, 1)],
  expand: ([x]) => select(lessEqual(x, 0), 0, x),
  cost: 2,
});
export const leakyRelu = (x: Arg, slope: Arg = 0.01): Expr =>
  select(lessEqual(x, 0), mul(x, slope), x);

/** Source: Clevert et al. 2016, arXiv:1511.07289. */
export const elu = (x: Arg, alpha: Arg = 1): Expr =>
  select(lessEqual(x, 0), mul(alpha, expm1(x)), x);

/** Source: Klambauer et al. 2017, arXiv:1706.02515. */
export const selu = (x: Arg): Expr => mul(1.0507009873554805, elu(x, 1.6732632423543772));

/** x·σ(x), also called swish. Source: Elfwing et al. 2017, arXiv:1702.03118. */
export const silu = (x: Arg): Expr => mul(x, logistic(x));

/** x·Φ(x), with Φ the normal distribution. Source: Hendrycks and Gimpel 2016, arXiv:1606.08415. */
export const gelu = (x: Arg): Expr => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));

/** The approximation of gelu by tanh that GPT-2 uses. */
export const geluTanh = (x: Arg): Expr => {
  const inner = mul(x, add(mul(mul(x, x), 0.044715), 1));
  return mul(mul(x, 0.5), add(tanh(mul(inner, Math.sqrt(2 / Math.PI))), 1));
};

/** Source: Misra 2019, arXiv:1908.08681. */
export const mish = (x: Arg): Expr => mul(x, tanh(softplus(x)));
export const softsign = (x: Arg): Expr => div(x, add(abs(x), 1));

/** log σ(x), finite where σ(x) underflows. */
export const logSigmoid = (x: Arg): Expr => neg(softplus(neg(x)));

/** Keras' piecewise linear sigmoid: 0.2 x + 0.5, within [0, 1]. */
export const hardSigmoid = (x: Arg): Expr => clip(add(mul(x, 0.2), 0.5), 0, 1);
export const hardTanh = (x: Arg): Expr => clip(x, -1, 1);
