/**
 * cholesky: the lower triangle L with positive diagonal of which a positive definite matrix is
 * L Lᵀ. Its derivatives are products and triangular solutions, so they exist to every order.
 */
import { add, mul, slot } from "../scalar/index.ts";
import { apply, type Op, record, sizeOf, Tensor } from "../tensor/tensor.ts";
import { lettersOfRank } from "./axes.ts";
import { map, plus } from "./map.ts";
import { below, checkMatrices, mirrored, times, transposed } from "./matrices.ts";
import { solved } from "./solve.ts";

/** A [B…, n, n], of which the lower triangle is read, → L [B…, n, n]. */
export const choleskyOp: Op<undefined> = {
  name: "cholesky",
  lower: "host",
  shape: ([A]) => [A],
  evaluate({ args: [{ shape }] }, [values]) {
    const n = shape[shape.length - 1];
    const out = new Float64Array(sizeOf(shape));
    for (let m = 0; m < sizeOf(shape.slice(0, -2)); m++)
      factor(values.subarray(m * n * n), out.subarray(m * n * n), n);
    return [out];
  },
  /** dL = L Φ(L⁻¹ dA L⁻ᵀ), where Φ takes the lower triangle with half of the diagonal. */
  jvp(node, [dA]) {
    if (!dA) return [undefined];
    const L = new Tensor(node);
    const half = solved(L, mirrored(dA), "lower");
    return [times(L, below(solved(L, transposed(half), "lower"), 0.5))];
  },
  /** S = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, and Ā is the lower triangle of S + Sᵀ, the diagonal halved. */
  vjp(node, [ct]) {
    if (!ct) return [undefined];
    const up = transposed(new Tensor(node));
    const half = solved(up, below(times(up, ct), 0.5), "upper");
    const S = solved(up, transposed(half), "upper");
    return [below(plus(S, transposed(S)), 0.5)];
  },
  batch: (_, args) => record(choleskyOp, args, undefined),
};

/** Row by row: each number is what the dot product of the rows before it leaves. */
function factor(a: Float64Array, L: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = a[i * n + j];
      for (let d = 0; d < j; d++) rest -= L[i * n + d] * L[j * n + d];
      L[i * n + j] = i === j ? Math.sqrt(rest) : rest / L[j * n + j];
    }
}

/**
 * The lower triangular L, its diagonal positive, of which A is L Lᵀ; of (A + Aᵀ)/2 where A is not
 * symmetric, so that the derivative is symmetric too. Where A is not positive definite, L has
 * entries that are not finite.
 * @param A  [..., n, n], symmetric and positive definite
 * @returns  L [..., n, n], zeros above the diagonal
 * @throws   "shape-mismatch", "dtype-mismatch"
 * Source: Golub and Van Loan 2013, section 4.2; derivatives: Murray 2016, arXiv:1602.07527
 * (symbolic differentiation).
 * Checked: L Lᵀ = A for random A; differences; every target against the row by row form.
 */
export function cholesky(A: Tensor): Tensor {
  checkMatrices("cholesky", A, "square matrices A [..., n, n]", (n, m) => n === m);
  const rest = lettersOfRank(A.rank - 2);
  const mean = mul(add(slot(0), slot(1)), 0.5);
  const spec = `${rest}YZ,${rest}ZY->${rest}YZ`;
  const symmetric = map(spec, mean, [A, A], { name: "symmetric" });
  return apply(choleskyOp, [symmetric], undefined)[0];
}
