/**
 * erf: a polynomial below 1 and 1 − e^−q(x) above, where q = −log erfc x is smooth and the rounding
 * of 1 − … hides its error.
 */
import { abs, atMost, less, mul, neg, select, sub } from "../arithmetic.ts";
import type { DType } from "../dtype.ts";
import type { Expr } from "../expr.ts";
import { expNear } from "./exponential.ts";
import { pick, polynomial } from "./pieces.ts";

/** erf x / x in x² for |x| ≤ 1; relative error 2⁻²⁴ and 2⁻⁵⁶ (Remez). */
const NEAR = {
  float32: [1.1283791, -0.37612236, 0.11279379, -0.026686873, 0.004887467, -5.502965e-4],
  float64: [
    1.1283791670955126, -0.37612638903183343, 0.1128379167093695, -0.026866170641959203,
    0.005223977596737303, -0.0008548325485122191, 0.0001205528050213032, -1.4924465784435325e-5,
    1.6444152831284917e-6, -1.618401208217998e-7, 1.3616804792095746e-8, -7.608036224028426e-10,
  ],
};

/** log erfc(2 + t) for −1 ≤ t ≤ 2 and 4; relative error in erf 2⁻²⁸ and 2⁻⁵⁷ (Remez). */
const FAR = {
  float32: [
    -5.364941, -4.4181604, -0.9237556, -0.016480787, 0.0035707816, -6.831324e-4, 1.9604605e-4,
  ],
  float64: [
    -5.364941264616638, -4.418160805994423, -0.9237508418237738, -0.016465118136591093,
    0.0035707563460174218, -0.0007323993887634916, 0.000135309333177665, -2.0706420093825288e-5,
    1.952203981272108e-6, 2.0361758910914867e-7, -1.732265432223095e-7, 5.7825538645223684e-8,
    -1.3929676967116112e-8, 2.519014867658334e-9, -2.834424884776112e-10, -3.4416518505653766e-11,
    3.8322032613046784e-11, -1.183629257734223e-11, 1.3464441031980018e-12,
  ],
};

/** Where erf rounds to 1. */
const ONE = { float32: 4, float64: 6 };

/** Bound: 2.4 ulp (float32), 1.7 ulp (float64); never beyond ±1. */
export function expandErf([x]: readonly Expr[], dtype: DType): Expr {
  const size = abs(x);
  const near = mul(x, polynomial(mul(x, x), pick(NEAR, dtype)));
  const logErfc = polynomial(sub(atMost(size, pick(ONE, dtype)), 2), pick(FAR, dtype));
  const far = sub(1, expNear(logErfc, dtype));
  return select(less(size, 1), near, select(less(x, 0), neg(far), far));
}
