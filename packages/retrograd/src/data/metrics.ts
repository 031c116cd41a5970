/**
 * How good a forecast is, on plain arrays. A mask leaves out the steps whose truth was never
 * observed. All but sMAPE are symmetric and keep the unit of the data; MASE has none, so it
 * compares across series.
 *
 * Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy", International
 * Journal of Forecasting 22:679–688, doi:10.1016/j.ijforecast.2006.03.001.
 */
import { fail } from "../errors/data.ts";

/** Forecasts and what happened, value by value; `mask` is 0 where the truth is not known. */
export interface Scored {
  actual: ArrayLike<number>;
  forecast: ArrayLike<number>;
  mask?: ArrayLike<number>;
}

/**
 * Root mean squared error, √(mean (y − ŷ)²), in the unit of the data.
 * @throws "metric-lengths", "metric-empty"
 */
export function rmse(scored: Scored): number {
  return Math.sqrt(meanOver("RMSE", scored, (y, f) => (y - f) ** 2));
}

/**
 * Mean absolute error, mean |y − ŷ|, in the unit of the data.
 * @throws "metric-lengths", "metric-empty"
 */
export function mae(scored: Scored): number {
  return meanOver("MAE", scored, (y, f) => Math.abs(y - f));
}

/**
 * Symmetric mean absolute percentage error, mean 200 |y − ŷ| / (|y| + |ŷ|), in percent from 0 to
 * 200. A value that is forecast to be 0 and is 0 counts as 0.
 * @throws "metric-lengths", "metric-empty"
 * Checked: the published scores of naive and seasonal naive in the M4 competition.
 */
export function smape(scored: Scored): number {
  return meanOver("sMAPE", scored, (y, f) => {
    const size = Math.abs(y) + Math.abs(f);
    return size === 0 ? 0 : (200 * Math.abs(y - f)) / size;
  });
}

/**
 * Mean absolute scaled error: the mean absolute error in units of what the seasonal naive forecast
 * errs by, one season ahead, within the training data.
 *   MASE = mean |y − ŷ| / q        q = mean |y(t) − y(t − m)| over training
 * @param training [time], NaN where missing
 * @param season   m, steps
 * @returns        below 1: better than the seasonal naive forecast was in training
 * @throws "metric-lengths", "metric-empty", "metric-scale"
 * Checked: the published scores of naive and seasonal naive in the M4 competition.
 */
export function mase(scored: Scored, training: ArrayLike<number>, season = 1): number {
  return mae(scored) / seasonalScale(training, season);
}

/**
 * The scale q of MASE.
 * @throws "metric-scale" where training is no longer than a season, or repeats exactly
 */
export function seasonalScale(training: ArrayLike<number>, season = 1): number {
  let [sum, count] = [0, 0];
  for (let t = season; t < training.length; t++) {
    const change = Math.abs(training[t] - training[t - season]);
    if (Number.isNaN(change)) continue;
    sum += change;
    count++;
  }
  if (sum === 0) fail("metric-scale", { length: training.length, season, pairs: count });
  return sum / count;
}

function meanOver(
  metric: string,
  { actual, forecast, mask }: Scored,
  error: (y: number, f: number) => number,
): number {
  const lengths = [actual.length, forecast.length, mask?.length ?? actual.length];
  if (lengths.some((length) => length !== actual.length))
    fail("metric-lengths", { metric, actual: lengths[0], forecast: lengths[1], mask: lengths[2] });
  let [sum, count] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    if (mask && mask[i] === 0) continue;
    sum += error(actual[i], forecast[i]);
    count++;
  }
  if (count === 0) fail("metric-empty", { metric });
  return sum / count;
}
