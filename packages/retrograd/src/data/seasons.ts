/**
 * Does a series really repeat with a given period? The frequency only suggests one; the
 * autocorrelation of the series' changes says whether the data agrees.
 */

/**
 * Autocorrelation of a series at one lag:
 *   r(k) = Σ (y(t) − m)(y(t+k) − m) / Σ (y(t) − m)²     m = the mean of y
 * Pairs in which a value is missing are left out, and the rest weighted up.
 *
 * @param values [time], NaN where missing
 * @returns      −1 to 1; 0 for a constant series or a lag as long as the series
 * Source: Box, Jenkins & Reinsel, Time Series Analysis, 4th ed., eq. 2.1.12.
 */
export function autocorrelation(values: ArrayLike<number>, lag: number): number {
  let [sum, count] = [0, 0];
  for (let t = 0; t < values.length; t++)
    if (!Number.isNaN(values[t])) {
      sum += values[t];
      count++;
    }
  const m = sum / count;
  let [total, product, pairs] = [0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) continue;
    total += (values[t] - m) ** 2;
    if (t + lag >= values.length || Number.isNaN(values[t + lag])) continue;
    product += (values[t] - m) * (values[t + lag] - m);
    pairs++;
  }
  if (total === 0 || pairs === 0) return 0;
  return (product / total) * ((count * Math.max(0, values.length - lag)) / values.length / pairs);
}

/** A period, and how strongly the series' changes repeat with it. */
export interface Season {
  /** Steps; 1 where no candidate repeats. */
  period: number;
  /** Autocorrelation of the changes at the period; 0 for period 1. */
  correlation: number;
}

/**
 * The candidate period with which a series repeats most clearly, or 1.
 *
 * The series is differenced once, so that a trend or a random walk is not taken for a season. A
 * candidate counts if its autocorrelation exceeds the 90 % limit of Bartlett's formula,
 *   r(k) > 1.645 √((1 + 2 Σ r(i)², i = 1 … k − 1) / n)
 * and it has at least three full periods of data.
 *
 * @param values     [time], NaN where missing
 * @param candidates periods in steps, e.g. [24, 168] for hours
 * Source: the seasonality test of the M4 benchmarks (Makridakis, Spiliotis & Assimakopoulos 2020,
 * doi:10.1016/j.ijforecast.2019.04.014), on differences.
 */
export function seasonalPeriod(values: ArrayLike<number>, candidates: readonly number[]): Season {
  const changes = Float64Array.from(
    { length: Math.max(0, values.length - 1) },
    (_, t) => values[t + 1] - values[t],
  );
  let best: Season = { period: 1, correlation: 0 };
  for (const period of candidates) {
    if (period < 2 || changes.length < 3 * period) continue;
    let spread = 1;
    for (let lag = 1; lag < period; lag++) spread += 2 * autocorrelation(changes, lag) ** 2;
    const correlation = autocorrelation(changes, period);
    const limit = 1.645 * Math.sqrt(spread / changes.length);
    if (correlation > limit && correlation > best.correlation) best = { period, correlation };
  }
  return best;
}
