/**
 * The exponential of a matrix, of ops alone: halved until it is small, Taylor's polynomial, and
 * squared as often. How often is data, so all squarings are there and `where` picks.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { eye } from "./creation.ts";
import { abs, add, greater, mul, where } from "./elementwise.ts";
import { matmul } from "./linear.ts";
import { checkMatrices } from "./matrices.ts";
import { max, sum } from "./reductions.ts";
import { stopGradient } from "./stopGradient.ts";

/** The largest 1-norm at which the polynomial is exact to rounding, and squarings from there. */
const REACH = {
  float32: { norm: 3.010066362817634, squarings: 9 },
  float64: { norm: 1.090863719290036, squarings: 11 },
};

/**
 * e^A = I + A + A²/2 + A³/6 + …
 *
 * The error, relative to the largest entry, is about 100 + 20 ‖A‖₁ roundings of the dtype, for
 * 1-norms up to 1500; beyond that it grows faster.
 * @param A  [..., n, n]
 * @returns  [..., n, n]
 * @throws   "shape-mismatch", "dtype-mismatch"
 * Source: Bader, Blanes and Casas 2019, doi:10.3390/math7121174, algorithm 2.
 * Checked: rotations and Jordan blocks in closed form; Taylor's series in exact fractions;
 *   e^A e^−A = I; differences.
 */
export function expm(A: Tensor): Tensor {
  checkMatrices("expm", A, "square matrices A [..., n, n]", (n, m) => n === m);
  const { norm: reach, squarings } = REACH[A.dtype === "float64" ? "float64" : "float32"];
  const norm = stopGradient(max(sum(abs(A), -2, { keepDims: true }), -1, { keepDims: true }));
  const isLarge = Array.from({ length: squarings }, (_, s) => greater(norm, reach * 2 ** s));
  const small = isLarge.reduce((x, large) => where(large, mul(x, 0.5), x), A);
  return isLarge.reduce((X, large) => where(large, matmul(X, X), X), taylor(small));
}

/** Sums of I, A, A², A³ and A⁶ with these factors make the polynomial: B₁ to B₅ in the source. */
const FACTORS = [
  [0, -0.10036558103014462, -0.008029246482411569, -0.00089213849804573],
  [0, 0.3978497494996451, 1.3678377846041172, 0.49828962252538267, -0.0006378981945947233],
  [
    -10.967639605296206, 1.680158138789062, 0.05717798464788655, -0.0069821012248805206,
    3.349750170860705e-5,
  ],
  [
    -0.09043168323908106, -0.06764045190713819, 0.06759613017704597, 0.029555257042931552,
    -1.391802575160607e-5,
  ],
  [0, 0, -0.09233646193671186, -0.016936493900208172, -1.4008679818203609e-5],
];

/** Σₖ Aᵏ / k! for k ≤ 18, in five products. */
function taylor(A: Tensor): Tensor {
  const one = eye(A.shape[A.rank - 1], undefined, { dtype: A.dtype });
  const two = matmul(A, A);
  const three = matmul(two, A);
  const powers = [one, A, two, three, matmul(three, three)];
  const [a, b, c, d, e] = FACTORS.map((factors) =>
    factors
      .flatMap((factor, k) => (factor === 0 ? [] : [mul(powers[k], factor)]))
      .reduce((x, y) => add(x, y)),
  );
  const nine = add(matmul(a, e), d);
  return add(matmul(add(c, nine), nine), b);
}
