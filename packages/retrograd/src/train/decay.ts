/** How fast a gradient fades on its way back, and after how many steps hardly any of it is left. */

/** What reaches the states before a loss; index k is about the state k + 1 steps before it. */
export interface Decay {
  /** Mean over rows of ‖∂L/∂state‖. */
  readonly norms: readonly number[];
  /** ‖mean over rows of Σ ∂L/∂state‖ over that state and all nearer ones. */
  readonly sums: readonly number[];
}

/** Smaller parts of the largest norm are rounding, and say nothing of a rate. */
const NOTHING = 1e-6;

/**
 * Steps through which a gradient must go back so that what is cut is at most a part of it:
 *   φₖ ≈ φ_m βᵏ⁻ᵐ for k ≥ m      E(K) = Σ_{k ≥ K} φₖ, beyond m by the series φ_m βᵏ⁻ᵐ/(1 − β)
 *   K = min {K : E(K) ≤ tolerance · max_J (‖ĝ_J‖ − E(J))}
 * where ĝ_J is what J steps bring back, and the largest difference bounds the whole gradient from
 * below. The rate β is that of the straight line through the logarithms of the further half, from
 * m = half the steps on.
 * @returns Infinity where the gradient does not fade, or too slowly for what was measured
 * Source: Aicher, Foti and Fox 2019, arXiv:1905.07473, section 4 (equations for Δ and K), with
 * ∂state/∂θ taken as equally large at all steps.
 * Checked: a linear recurrence, whose φ and K are known in closed form.
 */
export function stepsNeeded({ norms, sums }: Decay, tolerance: number): number {
  const middle = Math.floor(norms.length / 2);
  const rate = rateFrom(norms, middle);
  if (!(rate < 1)) return Infinity;
  // tails[k]: what is lost where the first k of the states are reached.
  const beyond = norms[middle] / (1 - rate);
  const tails = norms.map((_, k) => beyond * rate ** (k - middle));
  for (let k = middle - 1; k >= 0; k--) tails[k] = tails[k + 1] + norms[k];
  const whole = Math.max(...tails.map((tail, k) => (k > 0 ? sums[k - 1] : 0) - tail));
  const enough = tails.findIndex((tail) => tail <= tolerance * whole);
  return enough < 0 ? Infinity : enough + 1;
}

/** The factor by which norms shrink from one step to the next; 0 where hardly any is left. */
function rateFrom(norms: readonly number[], first: number): number {
  const least = NOTHING * Math.max(...norms);
  const seen = norms
    .map((norm, k) => ({ k, height: Math.log(norm) }))
    .filter(({ k }) => k >= first && norms[k] > least);
  if (seen.length < 2) return norms[first] > least ? 1 : 0;
  const mean = (of: (p: (typeof seen)[number]) => number) =>
    seen.reduce((sum, p) => sum + of(p), 0) / seen.length;
  const [k0, h0] = [mean(({ k }) => k), mean(({ height }) => height)];
  const slope = mean(({ k, height }) => (k - k0) * (height - h0)) / mean(({ k }) => (k - k0) ** 2);
  return Math.exp(slope);
}
