/**
 * The exponential of a matrix, of ops alone: halved until it is small, a Padé quotient, and
 * squared as often. How often is data, so all squarings are there and `where` picks.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { eye } from "./creation.ts";
import { abs, add, greater, mul, sub, where } from "./elementwise.ts";
import { matmul } from "./linear.ts";
import { checkMatrices } from "./matrices.ts";
import { max, sum } from "./reductions.ts";
import { solve } from "./solve.ts";
import { stopGradient } from "./stopGradient.ts";

/** Coefficients of the numerator of degree 13, the constant one made 1. */
const COEFFICIENTS = [1];
for (let j = 1; j <= 13; j++) COEFFICIENTS[j] = (COEFFICIENTS[j - 1] * (14 - j)) / ((27 - j) * j);
/** The largest 1-norm at which that quotient is exact to rounding in float64. */
const NORM = 5.371920351148152;
const SQUARINGS = 8;

/**
 * e^A = I + A + A²/2 + A³/6 + …
 *
 * The error, relative to the largest entry, is about 100 + 20 ‖A‖₁ roundings of the dtype, for
 * 1-norms up to 1375; beyond that it grows faster.
 * @param A  [..., n, n]
 * @returns  [..., n, n]
 * @throws   "shape-mismatch", "dtype-mismatch"
 * Source: Higham 2005, doi:10.1137/04061101X, algorithm 2.3.
 * Checked: rotations and Jordan blocks in closed form; Taylor's series in exact fractions;
 *   e^A e^−A = I; differences.
 */
export function expm(A: Tensor): Tensor {
  checkMatrices("expm", A, "square matrices A [..., n, n]", (n, m) => n === m);
  const norm = stopGradient(max(sum(abs(A), -2, { keepDims: true }), -1, { keepDims: true }));
  const isLarge = Array.from({ length: SQUARINGS }, (_, s) => greater(norm, NORM * 2 ** s));
  const small = isLarge.reduce((x, large) => where(large, mul(x, 0.5), x), A);
  return isLarge.reduce((X, large) => where(large, matmul(X, X), X), quotient(small));
}

/** (V − U)⁻¹ (V + U), where U has the odd powers of A and V the even ones. */
function quotient(A: Tensor): Tensor {
  const c = COEFFICIENTS;
  const one = eye(A.shape[A.rank - 1], undefined, { dtype: A.dtype });
  const two = matmul(A, A);
  const four = matmul(two, two);
  const six = matmul(four, two);
  /** c[k] I + c[k + 2] A² + … + c[k + 12] A¹². */
  const evens = (k: number): Tensor => {
    const low = [one, two, four, six].map((power, i) => mul(power, c[k + 2 * i]));
    const high = [two, four, six].map((power, i) => mul(power, c[k + 8 + 2 * i]));
    return add(low.reduce(add), matmul(six, high.reduce(add)));
  };
  const U = matmul(A, evens(1));
  const V = evens(0);
  return solve(sub(V, U), add(V, U));
}
