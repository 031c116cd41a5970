/**
 * qr: orthonormal columns Q and a triangle R with a diagonal that is not negative, of which a
 * matrix is Q R. Derivatives are products and triangular solutions.
 */
import { slot, sub } from "../scalar/index.ts";
import { apply, type Op, record, sizeOf, Tensor } from "../tensor/tensor.ts";
import { concatenate } from "./concatenate.ts";
import { matmul } from "./linear.ts";
import { recordEach } from "./map.ts";
import { below, checkMatrices, mirrored, negative, sumOf, times, transposed } from "./matrices.ts";
import { swapAxes } from "./shape.ts";
import { part } from "./slicing.ts";
import { solved } from "./solve.ts";

const minus = (a: Tensor, b: Tensor): Tensor => recordEach("sub", sub(slot(0), slot(1)), a, b);
/** a R⁻¹, for an upper triangle R. */
const over = (a: Tensor, R: Tensor): Tensor =>
  transposed(solved(transposed(R), transposed(a), "lower"));

/** A [B…, m, n] with m ≥ n → Q [B…, m, n], R [B…, n, n]. */
export const qrOp: Op<undefined> = {
  name: "qr",
  lower: "host",
  shape: ([{ shape, dtype }]) => [
    { shape, dtype },
    { shape: shape.with(-2, shape[shape.length - 1]), dtype },
  ],
  evaluate({ args: [{ shape }] }, [values]) {
    const [m, n] = shape.slice(-2);
    const many = sizeOf(shape.slice(0, -2));
    const Q = new Float64Array(many * m * n);
    const R = new Float64Array(many * n * n);
    for (let k = 0; k < many; k++)
      reflect(
        values.slice(k * m * n, (k + 1) * m * n),
        Q.subarray(k * m * n, (k + 1) * m * n),
        R.subarray(k * n * n, (k + 1) * n * n),
        n,
      );
    return [Q, R];
  },
  /** C = dA R⁻¹ and Ω, the skew matrix of the lower triangle of QᵀC: dQ = C − Q (QᵀC − Ω). */
  jvp(node, [dA]) {
    if (!dA) return [undefined, undefined];
    const [Q, R] = [new Tensor(node, 0), new Tensor(node, 1)];
    const C = over(dA, R);
    const M = times(transposed(Q), C);
    const lower = below(M, 0);
    const rest = minus(M, minus(lower, transposed(lower)));
    return [minus(C, times(Q, rest)), times(rest, R)];
  },
  /** M = R R̄ᵀ − Q̄ᵀ Q; Ā = (Q̄ + Q S) R⁻ᵀ, where S mirrors the lower triangle of M. */
  vjp(node, [dQ, dR]) {
    if (!dQ && !dR) return [undefined];
    const [Q, R] = [new Tensor(node, 0), new Tensor(node, 1)];
    const M = sumOf(
      dR && times(R, transposed(dR)),
      negative(dQ && times(transposed(dQ), Q)),
    ) as Tensor;
    const inner = sumOf(dQ, times(Q, mirrored(M))) as Tensor;
    return [transposed(solved(R, transposed(inner), "upper"))];
  },
  batch: (_, args) => record(qrOp, args, undefined),
};

/** Householder's reflections: each clears a column below the diagonal; Q is their product. */
function reflect(a: Float64Array, Q: Float64Array, R: Float64Array, n: number): void {
  const m = a.length / n;
  const mirrors: { v: Float64Array; scale: number }[] = [];
  const mirror = (x: Float64Array, column: number, { v, scale }: (typeof mirrors)[number]) => {
    let product = 0;
    for (let i = 0; i < m; i++) product += v[i] * x[i * n + column];
    for (let i = 0; i < m; i++) x[i * n + column] -= scale * product * v[i];
  };
  for (let k = 0; k < n; k++) {
    const v = Float64Array.from({ length: m }, (_, i) => (i < k ? 0 : a[i * n + k]));
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    const sign = v[k] > 0 ? -1 : 1;
    v[k] -= sign * norm;
    const square = v.reduce((sum, x) => sum + x * x, 0);
    const own = { v, scale: square === 0 ? 0 : 2 / square };
    mirrors.push(own);
    for (let j = k + 1; j < n; j++) mirror(a, j, own);
    R[k * n + k] = norm;
    for (let j = k + 1; j < n; j++) R[k * n + j] = sign * a[k * n + j];
    Q[k * n + k] = sign;
  }
  for (const own of mirrors.reverse()) for (let j = 0; j < n; j++) mirror(Q, j, own);
}

/**
 * A = Q R with orthonormal columns Q and an upper triangle R whose diagonal is not negative: then
 * both are unique where A has full rank. Elsewhere the derivatives are not finite.
 * @param A  [..., m, n]
 * @returns  Q [..., m, min(m, n)] and R [..., min(m, n), n]
 * @throws   "shape-mismatch", "dtype-mismatch"
 * Source: Golub and Van Loan 2013, algorithm 5.2.1; derivatives: Walter, Lehmann and
 * Lamour 2012, arXiv:1009.6112.
 * Checked: Q R = A and QᵀQ = I for random A, wide and tall; differences; a column of zeros.
 */
export function qr(A: Tensor): { Q: Tensor; R: Tensor } {
  checkMatrices("qr", A, "matrices A [..., m, n]", () => true);
  const [m, n] = A.shape.slice(-2);
  const square = part(A, A.rank - 1, 0, Math.min(m, n));
  const [Q, R] = apply(qrOp, [square], undefined);
  if (m >= n) return { Q, R };
  const rest = matmul(swapAxes(Q, -1, -2), part(A, A.rank - 1, m, n - m));
  return { Q, R: concatenate([R, rest], -1) };
}
