/**
 * Where the state of a state space begins: at a matrix that keeps a compressed history of its
 * input, as coefficients of Legendre polynomials (HiPPO-LegS). Its normal part behaves like the
 * whole and has orthogonal eigenvectors, so that it can be made diagonal without losing digits.
 */
import { normals } from "../draw.ts";
import { Initial } from "../init.ts";
import { type Rotations, skewEigen } from "./skewEigen.ts";

/**
 * HiPPO-N, the normal part of HiPPO-LegS:  −½ on the diagonal,
 *   −½ √((2n + 1)(2k + 1)) below it and +½ √((2n + 1)(2k + 1)) above it, at row n and column k.
 * It is −½ plus a skew-symmetric matrix, so its eigenvalues are −½ ± iω.
 * @returns  ω > 0 and their eigenvectors for one matrix of `order`, once for each of `blocks`
 * Source: Gu et al. 2020, arXiv:2008.07669, theorem 2; normal part: Smith et al. 2023,
 * arXiv:2208.04933, appendix B.1.1.
 * Checked: A V = V Λ and V* V = 1 to 1e-11 for orders up to 64.
 */
export function hippoNormal(order: number): Rotations {
  const found = known.get(order);
  if (found) return found;
  const made = skewEigen(order, (n, k) =>
    n === k ? 0 : (n > k ? -0.5 : 0.5) * Math.sqrt((2 * n + 1) * (2 * k + 1)),
  );
  known.set(order, made);
  return made;
}
const known = new Map<number, Rotations>();

/** log(−Re λ) and Im λ, [2, order/2 · blocks]: one of each conjugate pair, block after block. */
export const hippoRates = (order: number, blocks: number): Initial => {
  const half = order / 2;
  return new Initial([2, half * blocks], "hippo", () => {
    const { frequencies } = hippoNormal(order);
    const width = half * blocks;
    return Float64Array.from({ length: 2 * width }, (_, at) =>
      at < width ? Math.log(0.5) : frequencies[at % half],
    );
  });
};

/**
 * V* B for a normal B [order · blocks, input] of variance 1 / input:
 * [input, 2, order/2 · blocks].
 */
export function hippoInput(input: number, order: number, blocks: number): Initial {
  const half = order / 2;
  const width = half * blocks;
  return new Initial([input, 2, width], "hippo input", (key) => {
    const { vectors } = hippoNormal(order);
    const B = normals(key, input * order * blocks, Math.sqrt(1 / input));
    return Float64Array.from({ length: 2 * input * width }, (_, at) => {
      const { channel, isImaginary, block, k } = placeIn(at, width, half);
      const { re, im } = vectors[k];
      const part = isImaginary ? im : re;
      let sum = 0;
      for (let n = 0; n < order; n++) sum += part[n] * B[(channel * blocks + block) * order + n];
      return isImaginary ? -sum : sum; // V* is the conjugate
    });
  });
}

/**
 * C V for a normal C [size, order · blocks] of variance 1 / (order · blocks):
 * [2, order/2 · blocks, size].
 */
export function hippoOutput(size: number, order: number, blocks: number): Initial {
  const half = order / 2;
  const width = half * blocks;
  return new Initial([2, width, size], "hippo output", (key) => {
    const { vectors } = hippoNormal(order);
    const C = normals(key, size * order * blocks, Math.sqrt(1 / (order * blocks)));
    return Float64Array.from({ length: 2 * width * size }, (_, at) => {
      const unit = at % size;
      const { isImaginary, block, k } = placeIn(Math.floor(at / size), width, half);
      const part = isImaginary ? vectors[k].im : vectors[k].re;
      let sum = 0;
      for (let n = 0; n < order; n++) sum += C[(unit * blocks + block) * order + n] * part[n];
      return sum;
    });
  });
}

/** Where entry `at` of [channel, re or im, width] lies, with `half` numbers in each block. */
const placeIn = (at: number, width: number, half: number) => ({
  channel: Math.floor(at / (2 * width)),
  isImaginary: Math.floor(at / width) % 2 === 1,
  block: Math.floor((at % width) / half),
  k: at % half,
});
