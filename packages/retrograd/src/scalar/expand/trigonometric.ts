/**
 * sin and cos: x = nπ + r with |r| ≤ π/2, where n is whole for sin, whole and a half for cos; both
 * are then ± sin r, one odd polynomial. π is kept in parts so short that their products with n are
 * exact (Cody and Waite) while |x| ≤ 10⁵ (float32) or 1.6·10⁶ (float64). Beyond, the error grows,
 * but the result stays within [−1, 1]; ±∞ gives NaN.
 */
import { add, equal, fma, mul, round, select } from "../arithmetic.ts";
import type { DType } from "../dtype.ts";
import type { Expr } from "../expr.ts";
import { clamp, halfDown, pick, polynomial, reduce } from "./pieces.ts";

const PI_PARTS = {
  float32: [3.140625, 9.689331e-4, -1.2814999e-6, 1.9790605e-9, 5.126688e-12],
  float64: [3.1415926534682512, 1.2154201012607932e-10, 4.044532497591901e-21],
};

/** (sin r − r)/r³ in r² for |r| ≤ 1.58 and 1.571; relative error in sin r 2⁻²⁷, 2⁻⁶¹. */
const SIN = {
  float32: [-0.1666666, 0.008333066, -1.9809332e-4, 2.604837e-6],
  float64: [
    -0.16666666666666666, 0.008333333333333207, -0.0001984126984121248, 2.755731921156944e-6,
    -2.5052106904411554e-8, 1.6058941001215673e-10, -7.643019327546785e-13, 2.7214189182663485e-15,
  ],
};

const INVERSE_PI = { float32: 0.31830987, float64: 1 / Math.PI };

/** ± sin(x − turns·π): + where n is even if sign is 1. */
function signedSin(x: Expr, turns: Expr, n: Expr, sign: 1 | -1, dtype: DType): Expr {
  const r = reduce(x, turns, pick(PI_PARTS, dtype));
  const odd = fma(halfDown(n), -2, n);
  const signed = mul(r, fma(odd, -2 * sign, sign));
  const z = mul(r, r);
  const value = fma(mul(signed, z), polynomial(z, pick(SIN, dtype)), signed);
  return clamp(value, -1, 1);
}

/** Bound: 3.5 ulp (float32), 2 ulp (float64) in the range above; sin −0 = −0. */
export function expandSin([x]: readonly Expr[], dtype: DType): Expr {
  const n = round(mul(x, pick(INVERSE_PI, dtype)));
  return select(equal(x, 0), x, signedSin(x, n, n, 1, dtype));
}

/** Bound: 3.5 ulp (float32), 2 ulp (float64) in the range above; cos 0 = 1. */
export function expandCos([x]: readonly Expr[], dtype: DType): Expr {
  const n = round(fma(x, pick(INVERSE_PI, dtype), -0.5));
  return signedSin(x, add(n, 0.5), n, -1, dtype);
}
