/**
 * The elementary functions: exponentials, logarithms, circular and hyperbolic functions, powers.
 * One row says all: the value in float64, the derivative (often from the value `y` itself), and the
 * polynomial that every target computes, for each float type, with its bound in ulp.
 */
import { add, div, equal, mul, neg, select, sqrt, sub } from "./arithmetic.ts";
import { expandErf } from "./expand/erf.ts";
import { expandExp, expandExpm1, expandLogistic, expandTanh } from "./expand/exponential.ts";
import { expandLog, expandLog1p, expandSoftplus } from "./expand/logarithm.ts";
import { expandPow } from "./expand/power.ts";
import { expandCos, expandSin } from "./expand/trigonometric.ts";
import { constant, type Expr, isConst, scalar } from "./expr.ts";

export const exp = scalar("exp", {
  evaluate: Math.exp,
  partials: [(_, y) => y],
  accepts: "float",
  expand: expandExp,
  cost: 18,
});

/** eˣ − 1, without cancellation near 0. */
export const expm1 = scalar("expm1", {
  evaluate: Math.expm1,
  partials: [(_, y) => add(y, 1)],
  accepts: "float",
  expand: expandExpm1,
  cost: 26,
});

export const log = scalar("log", {
  evaluate: Math.log,
  partials: [([x]) => div(1, x)],
  accepts: "float",
  expand: expandLog,
  cost: 35,
});

/** log(1 + x), without cancellation near 0. */
export const log1p = scalar("log1p", {
  evaluate: Math.log1p,
  partials: [([x]) => div(1, add(x, 1))],
  accepts: "float",
  expand: expandLog1p,
  cost: 42,
});

export const sin = scalar("sin", {
  evaluate: Math.sin,
  partials: [([x]) => cos(x)],
  accepts: "float",
  expand: expandSin,
  cost: 24,
});

export const cos = scalar("cos", {
  evaluate: Math.cos,
  partials: [([x]) => neg(sin(x))],
  accepts: "float",
  expand: expandCos,
  cost: 23,
});

export const tanh = scalar("tanh", {
  evaluate: Math.tanh,
  partials: [(_, y) => sub(1, mul(y, y))],
  accepts: "float",
  expand: expandTanh,
  cost: 24,
});

/** 1 / (1 + e⁻ˣ), the sigmoid. */
export const logistic = scalar("logistic", {
  evaluate: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  partials: [(_, y) => mul(y, sub(1, y))],
  accepts: "float",
  expand: expandLogistic,
  cost: 21,
});

/** log(1 + eˣ): log1p(e^−|x|) + max(x, 0), which neither overflows nor cancels. */
export const softplus = scalar("softplus", {
  evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  partials: [([x]) => logistic(x)],
  accepts: "float",
  expand: expandSoftplus,
  cost: 58,
});

/**
 * x^p. A negative base takes integer exponents only; x⁰ = 1 for every x, and (±1)^±∞ = 1.
 * ∂x = p·x^(p−1), and 0 where p = 0;  ∂p = y·log x, and 0 where y = 0.
 */
export const pow = scalar("pow", {
  evaluate: (x, p) => (Math.abs(x) === 1 && Math.abs(p) === Infinity ? 1 : x ** p),
  partials: [
    ([x, p]) => {
      const slope = mul(p, pow(x, sub(p, 1)));
      return p.kind === "const" ? slope : select(equal(p, 0), 0, slope);
    },
    ([x], y) => select(equal(y, 0), 0, mul(y, log(x))),
  ],
  accepts: "float",
  simplify: ([x, p]) => (p.kind === "const" ? powerOf(x, p) : undefined),
  expand: expandPow,
  cost: 110,
});

/** Powers that a cheaper row gives to the last bit, at −0 and −∞ too. */
function powerOf(x: Expr, p: Expr): Expr | undefined {
  if (isConst(p, 0) || isConst(p, -0)) return constant(1);
  if (isConst(p, 1)) return x;
  if (isConst(p, 2)) return mul(x, x);
  if (isConst(p, -1)) return div(1, x);
  if (isConst(p, 0.5)) return select(equal(x, -Infinity), Infinity, add(sqrt(x), 0));
  return undefined;
}

/** 2/√π ∫₀ˣ e^−t² dt. */
export const erf = scalar("erf", {
  evaluate: (x) =>
    Math.abs(x) < 1 ? erfSeries(x) : Math.sign(x) * (1 - erfcFraction(Math.abs(x))),
  partials: [([x]) => mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x))))],
  accepts: "float",
  expand: expandErf,
  cost: 35,
});

/** Maclaurin's series: 2/√π Σ (−1)ᵏ x²ᵏ⁺¹ / (k! (2k + 1)). */
function erfSeries(x: number): number {
  let term = x;
  let sum = 0;
  for (let k = 0; k < 25; k++) {
    sum += term / (2 * k + 1);
    term *= -(x * x) / (k + 1);
  }
  return (x === 0 ? x : sum) * (2 / Math.sqrt(Math.PI));
}

/** Laplace's continued fraction: e^−x² / √π / (x + ½/(x + 1/(x + 3⁄2/(x + …)))), for x ≥ 1. */
function erfcFraction(x: number): number {
  if (x > 6) return 0;
  let tail = x;
  for (let k = 200; k > 0; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}
