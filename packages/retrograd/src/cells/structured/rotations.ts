/**
 * Orthogonal matrices made of free parameters: whatever the optimizer does to these, the matrix
 * keeps lengths. Each is written in a step like any other product; what depends on parameters
 * alone is computed once for all steps.
 */

import { expm, solve } from "../../jit/learned.ts";
import { eye } from "../../ops/creation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { uniforms } from "../draw.ts";
import { Initial } from "../init.ts";

const identity = (A: Tensor): Tensor => eye(A.shape[0], undefined, { dtype: A.dtype });

/** A − Aᵀ: every square matrix, made skew. */
export const skew = (A: Tensor): Tensor => A.sub(A.transpose());

/**
 * exp(A − Aᵀ): every rotation, with determinant 1.
 * @param A  [n, n]
 * @returns  [n, n]
 * Source: Lezcano-Casado and Martínez-Rubio 2019, arXiv:1901.08428.
 */
export const exponentialRotation = (A: Tensor): Tensor => expm(skew(A));

/**
 * Cayley's transform (I + S)⁻¹ (I − S) D, of S = A − Aᵀ and a diagonal D of signs: without D, no
 * rotation by half a turn is reached.
 * @param A         [n, n]
 * @param negative  how many entries of D are −1, the first ones
 * @returns         [n, n]
 * Source: Helfrich et al. 2018, arXiv:1707.09520, eq. 3.
 */
export function cayleyRotation(A: Tensor, negative: number): Tensor {
  const [one, S] = [identity(A), skew(A)];
  const turned = solve(one.add(S), one.sub(S));
  if (negative === 0) return turned;
  const signs = one.sum(0).cumsum().greater(negative).cast(A.dtype);
  return turned.mul(signs.mul(2).sub(1));
}

/**
 * h times the product of the reflections at the rows of V, I − 2 vᵀv / (v vᵀ) each, in that order:
 *   h − (h Vᵀ) T⁻¹ V, where T is the upper triangle of V Vᵀ with half of its diagonal
 * in 4 n r operations for r rows, or 2 n² where they are many.
 * @param h  [n]
 * @param V  [r, n], no row of zeros
 * Source: Mhammedi et al. 2017, arXiv:1612.00188; the product in one piece: Joffrain et al. 2006,
 * doi:10.1145/1141885.1141886.
 */
export function reflected(h: Tensor, V: Tensor): Tensor {
  const [r, n] = V.shape;
  const products = V.dot(V.transpose());
  const T = products.triu(1).add(products.mul(identity(products)).mul(0.5));
  const rest = solve(T, V, { triangle: "upper" });
  if (2 * r < n) return h.sub(h.dot(V.transpose()).dot(rest));
  return h.dot(identity(V.transpose()).sub(V.transpose().dot(rest)));
}

/**
 * Parameters of a skew matrix that turns pairs of units by random angles and nothing else: blocks
 * [[0, s], [0, 0]] along the diagonal, with s = `of`(angle), angle uniform in [min, max].
 */
export const pairAngles = (
  size: number,
  min: number,
  max: number,
  of: (angle: number) => number,
): Initial =>
  new Initial([size, size], "angles", (key) => {
    const out = new Float64Array(size * size);
    uniforms(key, Math.floor(size / 2), min, max).forEach((angle, k) => {
      out[2 * k * size + 2 * k + 1] = of(angle);
    });
    return out;
  });

/** B of a symmetric matrix B + Bᵀ that turns every complex unit by an angle uniform in ±π. */
export const phases = (size: number): Initial =>
  new Initial([size, size], "phases", (key) => {
    const out = new Float64Array(size * size);
    uniforms(key, size, -Math.PI, Math.PI).forEach((angle, k) => {
      out[k * (size + 1)] = angle / 2;
    });
    return out;
  });
