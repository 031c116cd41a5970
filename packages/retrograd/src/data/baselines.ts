/**
 * The forecasts that cost nothing. A model that does not beat them has learned nothing, so they
 * stand beside every result. Missing values (NaN) in the past are stepped over.
 *
 * Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2.
 */
import { fail } from "../errors/data.ts";
import { requirePositive } from "./positive.ts";

/**
 * Naive: the last value again.  ŷ(n + h) = y(n)
 * @param history [time], in the order of time
 * @param horizon steps to forecast
 * @returns       [horizon]
 * @throws "baseline-short"
 */
export function naive(history: ArrayLike<number>, horizon: number): Float64Array {
  requirePositive({ horizon });
  const { last } = ends(history, "naive", 1);
  return new Float64Array(horizon).fill(history[last]);
}

/**
 * Seasonal naive: the value one season ago.  ŷ(n + h) = y(n + h − m ⌈h / m⌉)
 * A missing value is replaced by that of the season before it, and at the last by the
 * naive forecast.
 * @param season m, steps
 * @throws "baseline-short" where the history is shorter than a season
 */
export function seasonalNaive(
  history: ArrayLike<number>,
  horizon: number,
  season: number,
): Float64Array {
  requirePositive({ horizon, season });
  const { last } = ends(history, "seasonal naive", season);
  return Float64Array.from({ length: horizon }, (_, h) => {
    let t = history.length - season + (h % season);
    while (t >= 0 && Number.isNaN(history[t])) t -= season;
    return history[t >= 0 ? t : last];
  });
}

/**
 * Drift: the line through the first and the last value.
 *   ŷ(n + h) = y(n) + h (y(n) − y(1)) / (n − 1)
 * @throws "baseline-short" with fewer than two values
 */
export function drift(history: ArrayLike<number>, horizon: number): Float64Array {
  requirePositive({ horizon });
  const { first, last } = ends(history, "drift", 2);
  if (first === last) fail("baseline-short", { method: "drift", got: 1, want: 2 });
  const slope = (history[last] - history[first]) / (last - first);
  const ahead = history.length - 1 - last;
  return Float64Array.from({ length: horizon }, (_, h) => history[last] + (ahead + h + 1) * slope);
}

/**
 * Mean: the average of the past.  ŷ(n + h) = Σ y(t) / n
 * @throws "baseline-short"
 */
export function meanForecast(history: ArrayLike<number>, horizon: number): Float64Array {
  requirePositive({ horizon });
  ends(history, "mean", 1);
  const known = Array.from(history).filter((value) => !Number.isNaN(value));
  return new Float64Array(horizon).fill(known.reduce((a, b) => a + b) / known.length);
}

/** The first and last step with a value, in a history long enough. */
function ends(history: ArrayLike<number>, method: string, want: number) {
  let first = 0;
  while (first < history.length && Number.isNaN(history[first])) first++;
  let last = history.length - 1;
  while (last >= 0 && Number.isNaN(history[last])) last--;
  const got = last < 0 ? 0 : history.length;
  if (got < want) fail("baseline-short", { method, got, want });
  return { first, last };
}
