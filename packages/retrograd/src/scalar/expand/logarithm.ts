/**
 * log x and what is made of it: log(1 + x) and softplus. Each writes x = 2ᵉ(1 + u) with 1 + u
 * between √½ and √2, so that the sum e·log 2 + log(1 + u) never cancels.
 */
import {
  abs,
  add,
  div,
  equal,
  exponent,
  fma,
  fraction,
  less,
  mul,
  neg,
  select,
  sub,
} from "../arithmetic.ts";
import type { DType } from "../dtype.ts";
import type { Expr } from "../expr.ts";
import { expandExp } from "./exponential.ts";
import { formatOf, polynomial } from "./pieces.ts";

/** (log(1 + u) − u + ½u²)/u³ on [√½ − 1, √2 − 1]; its share of the result is right to 2⁻²⁷. */
const TAIL_SINGLE = [
  0.3333333, -0.25000823, 0.20001261, -0.16623332, 0.14200936, -0.13159521, 0.12766536, -0.07641952,
];

/** (log((1 + s)/(1 − s)) − 2s)/s³ in s², from fdlibm's e_log.c, 2⁻⁵⁸. */
const TAIL_DOUBLE = [
  0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784,
  0.1818357216161805, 0.15313837699209373, 0.14798198605116586,
];

/** x = 2ᵉ(1 + u) for a positive normal x. */
function splitNormal(x: Expr): { e: Expr; u: Expr } {
  const significand = fraction(x);
  const high = less(Math.fround(Math.SQRT2), significand);
  const u = sub(select(high, mul(significand, 0.5), significand), 1);
  return { e: add(exponent(x), select(high, 1, 0)), u };
}

/** x = 2ᵉ(1 + u) for a positive x below ∞, subnormal ones included. */
export function splitLog(x: Expr, dtype: DType): { e: Expr; u: Expr } {
  const { smallestNormal, digits } = formatOf(dtype);
  const subnormal = less(x, smallestNormal);
  const { e, u } = splitNormal(select(subnormal, mul(x, 2 ** digits), x));
  return { e: add(e, select(subnormal, -digits, 0)), u };
}

/** log(1 + u) − u + ½u², where `half` is ½u². */
export function tailOfLog(u: Expr, half: Expr, dtype: DType): Expr {
  if (dtype !== "float64") return mul(mul(mul(u, u), u), polynomial(u, TAIL_SINGLE));
  const s = div(u, add(u, 2));
  const z = mul(s, s);
  return mul(s, fma(z, polynomial(z, TAIL_DOUBLE), half));
}

/** e·log 2 + log(1 + u) + extra, smallest terms first. */
function assemble(e: Expr, u: Expr, extra: Expr | undefined, dtype: DType): Expr {
  const { ln2High, ln2Low } = formatOf(dtype);
  const half = mul(mul(u, u), 0.5);
  const tail = tailOfLog(u, half, dtype);
  const small = fma(e, ln2Low, extra ? add(tail, extra) : tail);
  return fma(e, ln2High, sub(u, sub(half, small)));
}

/** Bound: 1 ulp (float32), 1 ulp (float64). Source: fdlibm, e_log.c. */
export function expandLog([x]: readonly Expr[], dtype: DType): Expr {
  const { e, u } = splitLog(x, dtype);
  const value = select(less(x, Infinity), assemble(e, u, undefined, dtype), x);
  return select(less(0, x), value, select(equal(x, 0), -Infinity, NaN));
}

/**
 * log(1 + x) for −1 < x < ∞, but for the sign of 0; `whole` is 1 + x, and what it lost by rounding
 * is added as lost/whole.
 */
function log1pInside(x: Expr, whole: Expr, dtype: DType): Expr {
  const one = sub(whole, x);
  const lost = sub(sub(x, sub(whole, one)), sub(one, 1));
  const { e, u } = splitNormal(whole);
  return assemble(e, u, div(lost, whole), dtype);
}

/** Bound: 1 ulp (float32), 1 ulp (float64). Source: fdlibm, s_log1p.c. */
export function expandLog1p([x]: readonly Expr[], dtype: DType): Expr {
  const whole = add(x, 1);
  const zeroOrInfinite = equal(mul(x, 0.5), x);
  const value = select(zeroOrInfinite, x, log1pInside(x, whole, dtype));
  return select(less(0, whole), value, select(equal(whole, 0), -Infinity, NaN));
}

/** Bound: 2.8 ulp (float32), 2.2 ulp (float64). */
export function expandSoftplus([x]: readonly Expr[], dtype: DType): Expr {
  const e = expandExp([neg(abs(x))], dtype);
  return add(select(less(0, x), x, 0), log1pInside(e, add(e, 1), dtype));
}
