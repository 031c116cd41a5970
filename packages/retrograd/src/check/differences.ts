/**
 * The derivative of a function that is only ever evaluated: central differences, extrapolated to a
 * step of zero, with the error that is left; and whether there is a derivative at all.
 */

export interface Slope {
  /** dφ/dt at 0; where there is a kink, the mean of the slopes on both sides. */
  readonly value: number;
  /** How far off it may be. */
  readonly error: number;
  /** Slope to the right minus slope to the left: 0 where φ is smooth. */
  readonly kink: number;
  readonly smooth: boolean;
}

/** Steps that are tried, until one is small enough to see no kink beside the point. */
const STEPS = [1e-3, 1e-4, 1e-5, 1e-6];
const EPSILON = 2 ** -52;

/**
 * Slope of φ at 0.
 *   D(h) = (φ(h) − φ(−h)) / 2h = φ' + a h² + b h⁴ + …
 *   R₁ = (4 D(h/2) − D(h)) / 3,   R₂ = (16 R₁(h/2) − R₁(h)) / 15
 *   G(h) = (φ(h) − 2 φ(0) + φ(−h)) / h = kink + c h + d h³ + …,   kink ≈ 2 G(h/2) − G(h)
 * φ counts as smooth where the kink is below `tolerance · scale` and rounding.
 *
 * @param at         φ(0)
 * @param scale      size of the slopes that are compared
 * @param tolerance  relative error that is asked for
 * Source: Richardson 1911, doi:10.1098/rsta.1911.0009.
 * Checked: sin, exp, a quintic, |t| at 0 and beside it.
 */
export function slopeOf(
  phi: (t: number) => number,
  at: number,
  scale: number,
  tolerance = 1e-7,
): Slope {
  let best: Slope | undefined;
  for (const h of STEPS) {
    const found = slopeWith(phi, at, h, scale, tolerance);
    if (found.smooth && found.error <= tolerance * scale) return found;
    // A kink that is as large from nearer by is at the point itself.
    const stands =
      !found.smooth &&
      Math.abs(found.kink - (best?.kink ?? Number.NaN)) < 0.01 * Math.abs(found.kink);
    const better = best === undefined || (found.smooth && !best.smooth);
    if (better || (found.smooth === best?.smooth && found.error < best.error)) best = found;
    if (stands) break;
  }
  return best!;
}

function slopeWith(
  phi: (t: number) => number,
  at: number,
  h: number,
  scale: number,
  tolerance: number,
): Slope {
  const pairs = [h, h / 2, h / 4].map((t) => [phi(t), phi(-t), t] as const);
  const central = pairs.map(([right, left, t]) => (right - left) / (2 * t));
  const first = [0, 1].map((k) => (4 * central[k + 1] - central[k]) / 3);
  const value = (16 * first[1] - first[0]) / 15;
  const gaps = pairs.map(([right, left, t]) => (right - 2 * at + left) / t);
  const kink = 2 * gaps[2] - gaps[1];
  const largest = Math.max(...pairs.flatMap(([a, b]) => [Math.abs(a), Math.abs(b)]), Math.abs(at));
  // Of the values of φ, and of where they were asked for.
  const rounding = (64 * EPSILON * (largest + Math.abs(value))) / h;
  const error = Math.abs(value - first[1]) + rounding;
  // A jump may be the same to both sides; its slope grows without end.
  const settled = error <= 0.01 * Math.max(scale, Math.abs(value));
  const smooth = settled && Math.abs(kink) <= 10 * tolerance * scale + 16 * rounding;
  return { value, error, kink, smooth };
}
