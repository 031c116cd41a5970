/**
 * eˣ and what is made of it: eˣ − 1, the sigmoid, tanh. Each writes
 * x = n·log 2 + r with an integer n, takes a minimax polynomial in r (found by Remez' exchange,
 * coefficients rounded one after the other), and scales by 2ⁿ so that a subnormal result is rounded
 * only once.
 */
import { add, atMost, div, less, mul, pow2, select, sub } from "../arithmetic.ts";
import type { DType } from "../dtype.ts";
import type { Expr } from "../expr.ts";
import {
  clamp,
  formatOf,
  halfDown,
  nearest,
  pick,
  polynomial,
  reduce,
  type Table,
} from "./pieces.ts";

/** eʳ for |r| ≤ log 2; relative error 2⁻²⁵·⁹ and 2⁻⁵⁵. */
const EXP_WIDE = {
  float32: [1, 1, 0.50000036, 0.16666616, 0.041661166, 0.00833592, 0.001410672, 1.9647197e-4],
  float64: [
    1, 1, 0.4999999999999993, 0.16666666666666935, 0.04166666666670213, 0.008333333333270397,
    0.0013888888883572554, 0.00019841269892334725, 2.480159083167655e-5, 2.755730084007377e-6,
    2.755615677084934e-7, 2.505497266934542e-8, 2.106256403180909e-9, 1.5943457750510806e-10,
  ],
};

/** (eʳ − 1)/r for |r| ≤ ½ log 2; relative error 2⁻³¹ and 2⁻⁵⁵. */
const EXPM1 = {
  float32: [1, 0.5, 0.16666666, 0.041666467, 0.008333644, 0.0013935103, 1.9664508e-4],
  float64: [
    1, 0.5, 0.16666666666666602, 0.04166666666661999, 0.008333333333388378, 0.001388888892050276,
    0.00019841269709329227, 2.4801516356908483e-5, 2.7557425115644487e-6, 2.7622223075547785e-7,
    2.5045880029925803e-8,
  ],
};

/** eʳ for |r| ≤ ½ log 2; relative error 2⁻²⁸, and 2⁻⁵⁶ as 1 + r·(eʳ − 1)/r. */
const EXP = {
  float32: [1, 1, 0.49999994, 0.16666517, 0.041668106, 0.008369137, 0.0013836606],
  float64: [1, ...EXPM1.float64],
};

/** Below the first eˣ rounds to 0, above the second it overflows. */
const EXP_RANGE: Table<readonly [number, number]> = { float32: [-104, 89], float64: [-746, 710] };

/** 4ᵐ·eʳ for |r| ≤ log 2: one power of two, used twice, reaches every exponent. */
export function scaledExp(m: Expr, r: Expr, dtype: DType): Expr {
  const scale = pow2(m);
  return mul(mul(polynomial(r, pick(EXP_WIDE, dtype)), scale), scale);
}

/**
 * Where eˣ rounds to 0 it is not computed: a product that ends below the smallest number takes a
 * processor a hundred times as long as any other, and masked numbers are raised from −∞.
 * Bound: 1.9 ulp (float32), 1.7 ulp (float64). Source: Cody and Waite 1980, chapter 6.
 */
export function expandExp([x]: readonly Expr[], dtype: DType): Expr {
  const { ln2High, ln2Low, log2e } = formatOf(dtype);
  const [low, high] = pick(EXP_RANGE, dtype);
  const vanishes = less(x, low);
  const held = atMost(select(vanishes, 0, x), high);
  const m = nearest(held, log2e / 2, dtype);
  const y = scaledExp(m, reduce(held, m, [2 * ln2High, 2 * ln2Low]), dtype);
  return select(vanishes, 0, y);
}

/** eˣ for −80 ≤ x ≤ 80: nothing to clamp, and one factor. */
export function expNear(x: Expr, dtype: DType): Expr {
  const { ln2High, ln2Low, log2e } = formatOf(dtype);
  const n = nearest(x, log2e, dtype);
  const r = reduce(x, n, [ln2High, ln2Low]);
  return mul(polynomial(r, pick(EXP, dtype)), pow2(n));
}

/**
 * σ(x) = q / (q + 2ˢ⁻ⁿ) with q = 2ˢeʳ: the division makes the subnormal results, and s keeps both
 * terms normal. Bound: 2.3 ulp (float32), 2 ulp (float64); never above 1.
 */
export function expandLogistic([x]: readonly Expr[], dtype: DType): Expr {
  const { ln2High, ln2Low, log2e } = formatOf(dtype);
  const [low, high, s] = pick(LOGISTIC, dtype);
  const held = clamp(x, low, high);
  const n = nearest(held, log2e, dtype);
  const r = reduce(held, n, [ln2High, ln2Low]);
  const shifted = pick(EXP, dtype).map((c) => c * 2 ** s);
  const q = polynomial(r, shifted);
  return div(q, add(q, pow2(sub(s, n))));
}

/** Below the first σ rounds to 0, above the second to 1; the exponent s. */
const LOGISTIC: Table<readonly [number, number, number]> = {
  float32: [-104, 20, -30],
  float64: [-746, 40, -64],
};

/**
 * eˣ − 1 = ((eʳ − 1)·2ᵃ − (2⁻ᵇ − 2ᵃ))·2ᵇ with a + b = n; no step overflows before the result does.
 * Bound: 2 ulp (float32), 2 ulp (float64). Subtracting the zero of n = 0 keeps the sign of x = −0.
 */
export function expandExpm1([x]: readonly Expr[], dtype: DType): Expr {
  const { ln2High, ln2Low, log2e } = formatOf(dtype);
  const held = clamp(x, ...pick(EXPM1_RANGE, dtype));
  const n = nearest(held, log2e, dtype);
  const r = reduce(held, n, [ln2High, ln2Low]);
  const half = halfDown(n);
  const first = pow2(half);
  const rest = mul(mul(r, polynomial(r, pick(EXPM1, dtype))), first);
  return mul(sub(rest, sub(pow2(sub(half, n)), first)), pow2(sub(n, half)));
}

/** Below the first eˣ − 1 rounds to −1, above the second it overflows. */
const EXPM1_RANGE: Table<readonly [number, number]> = { float32: [-20, 89], float64: [-40, 710] };

/**
 * tanh x = t/(t + 2), t = e²ˣ − 1 = 2ⁿ(eʳ − 1) − (1 − 2ⁿ). The factor 2 of the argument is in the
 * constants, so tiny x stay exact. Bound: 3.1 ulp (float32), 2.9 ulp (float64); never beyond ±1.
 * A rational function of x² needs a quarter fewer steps in float32, but is wrong by up to 5 ulp
 * without a fused multiply-add, and exceeds 1.
 */
export function expandTanh([x]: readonly Expr[], dtype: DType): Expr {
  const { ln2High, ln2Low, log2e } = formatOf(dtype);
  const one = pick(TANH_ONE, dtype);
  const held = clamp(x, -one, one);
  const n = nearest(held, 2 * log2e, dtype);
  const r = reduce(held, n, [ln2High / 2, ln2Low / 2]);
  const scale = pow2(n);
  const doubled = pick(EXPM1, dtype).map((c, k) => c * 2 ** (k + 1));
  const t = sub(mul(mul(r, polynomial(r, doubled)), scale), sub(1, scale));
  return div(t, add(t, 2));
}

/** Where tanh rounds to 1. */
const TANH_ONE = { float32: 10, float64: 20 };
