/**
 * The largest factor by which a matrix stretches a vector, and a bound on it. A recurrence whose
 * matrix stretches by less than 1 forgets; one with a known bound has a known Lipschitz constant.
 */
import { fail } from "../../errors/layers.ts";
import { where } from "../../ops/elementwise.ts";
import { trace } from "../../ops/linear.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { positiveNumber } from "../cell.ts";

/** Squarings of the Gram matrix: with 10, n singular values as one exceed it by n^(1/2048). */
const SQUARINGS = 10;

/** x, or 1 where x is 0: what may be divided by, and has a logarithm. */
const positive = (x: Tensor): Tensor => where(x.greater(0), x, 1);

/**
 * The largest singular value of W from above: the Schatten norm (Σ σᵢᵖ)^(1/p) with p = 2048.
 *   σ ≤ spectralNorm(W) ≤ σ · n^(1/2048), n the smaller side: at most 0.3 % more for n = 512
 * It is computed on the smaller side by squaring W Wᵀ, whatever the gap between singular values,
 * and it is smooth also where they meet. 0 for a matrix of zeros.
 * @param W  [m, n]
 * @returns  []
 * @throws   "rank-mismatch"
 * Checked: singular values by one-sided Jacobi rotations; differences.
 */
export function spectralNorm(W: Tensor): Tensor {
  if (W.rank !== 2)
    fail("rank-mismatch", { op: "spectralNorm", operand: W.describe(), expected: "a matrix" });
  const [m, n] = W.shape;
  // Squares of the largest entry must stay within range; the norm does not depend on this factor.
  const top = positive(stopGradient(W).abs().max());
  const unit = W.div(top);
  let gram = m <= n ? unit.dot(unit.transpose()) : unit.transpose().dot(unit);
  const total = trace(gram);
  // G ← G² / tr G² keeps G within range; the logarithms of what was taken out add up.
  let log = positive(total).log();
  gram = gram.div(positive(total));
  for (let k = 1; k <= SQUARINGS; k++) {
    const square = gram.dot(gram);
    const size = positive(trace(square));
    log = log.add(size.log().mul(2 ** -k));
    gram = square.div(size);
  }
  return where(total.greater(0), log.mul(0.5).exp().mul(top), 0);
}

/**
 * W, made smaller where it stretches more than `limit`: W · min(1, limit / spectralNorm(W)).
 * @param W      [m, n]
 * @param limit  the largest singular value of what is returned, above 0
 * @returns      [m, n]
 * @throws       "bad-argument"
 * Source: Miyato et al. 2018, arXiv:1802.05957, with a norm that is exact instead of iterated.
 * Checked: singular values of what is returned; differences on both sides of the limit.
 */
export function spectralBound(W: Tensor, limit: number): Tensor {
  positiveNumber("spectralBound: limit", limit);
  const norm = spectralNorm(W);
  return W.mul(where(norm.greater(limit), positive(norm).pow(-1).mul(limit), 1));
}
