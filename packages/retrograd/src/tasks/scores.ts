/**
 * How good a forecaster is, beside the forecasts that cost nothing: on the same windows, in the
 * unit of the data, for every step ahead. Truths that were never observed are left out for all
 * alike.
 */
import { seasonalScale } from "../data/metrics.ts";
import type { Part } from "../data/split.ts";
import type { Windows } from "../data/windows.ts";
import { RetrogradError } from "../errors.ts";
import { afterSeason } from "./differences.ts";
import type { Forecaster, Places } from "./forecaster.ts";
import type { ForecastConfig } from "./forecastOptions.ts";
import type { Frames } from "./frames.ts";

/** Errors of one method for one target. */
export interface Score {
  readonly method: string;
  readonly rmse: number;
  readonly mae: number;
  /** Null where the training part repeats itself exactly. */
  readonly mase: number | null;
  readonly byStep: {
    readonly rmse: readonly number[];
    readonly mae: readonly number[];
    readonly mase: readonly number[] | null;
  };
}

export interface ForecastScores {
  readonly task: "forecast";
  /** Forecasts that were scored: one for each window. */
  readonly windows: number;
  readonly horizon: number;
  readonly season: number;
  readonly targets: readonly { readonly target: string; readonly scores: readonly Score[] }[];
  /** Whether the model errs less (RMSE) than every baseline, for every target. */
  readonly beatsBaselines: boolean;
}

type Method = (places: Places) => Float64Array;

/** The value `back` steps before each step of a window: what the naive forecasts say. */
function repeated(frames: Frames, horizon: number, season: number): Method {
  const K = frames.targets;
  const width = frames.set.features.length;
  return ({ count, series, first }) => {
    const values = new Float64Array(count * horizon * K);
    for (let w = 0; w < count; w++)
      for (let h = 0; h < horizon; h++) {
        const back = season > 1 ? season * Math.ceil((h + 1) / season) : h + 1;
        const at = Math.max(0, first[w] + h - back);
        const own = frames.frames[series[w]].series.values;
        for (let k = 0; k < K; k++) values[(w * horizon + h) * K + k] = own[at * width + k];
      }
    return values;
  };
}

/** Baselines of a config: naive, and seasonal naive where there is a season. */
export function baselinesOf(config: ForecastConfig, frames: Frames): [string, Method][] {
  const { horizon, season } = config;
  const naive: [string, Method] = ["naive", repeated(frames, horizon, 1)];
  return season > 1 ? [naive, ["seasonal naive", repeated(frames, horizon, season)]] : [naive];
}

/** What q of MASE is for a series: from its training part, or from all of it where it is new. */
function scaleOf(frames: Frames, series: number, k: number, season: number, end: number): number {
  const width = frames.set.features.length;
  const { values, observed } = frames.frames[series].series;
  const training = Float64Array.from({ length: end }, (_, t) =>
    observed[t * width + k] ? values[t * width + k] : Number.NaN,
  );
  try {
    return seasonalScale(training, season);
  } catch (error) {
    if (error instanceof RetrogradError) return Number.NaN;
    throw error;
  }
}

/**
 * Score a forecaster and its baselines on windows.
 * @param train  parts that MASE is scaled by; each series as a whole without them
 */
export function scoreForecasts(
  config: ForecastConfig,
  run: Forecaster,
  frames: Frames,
  all: Windows,
  train?: readonly Part[],
): ForecastScores {
  // All methods are scored on the same windows: those with a season before them, if there are any.
  const seasonal = config.season > 1 && all.first.some((first) => first >= config.season);
  const windows = seasonal ? afterSeason(all, config.season) : all;
  const named: [string, Float64Array][] = [
    [config.network.cell.toUpperCase(), run(frames, windows)],
    ...baselinesOf(seasonal ? config : { ...config, season: 1 }, frames).map(
      ([name, method]) => [name, method(windows)] as [string, Float64Array],
    ),
  ];
  const ends = frames.frames.map(
    ({ series }, s) => train?.find((part) => part.series === s)?.end ?? series.times.length,
  );
  const targets = config.roles.target.map((target, k) => {
    const scales = ends.map((end, s) => scaleOf(frames, s, k, config.season, end));
    const scores = named.map(([name, values]) => score(name, values, frames, windows, k, scales));
    return { target, scores };
  });
  const beatsBaselines = targets.every(({ scores: [own, ...others] }) =>
    others.every(({ rmse }) => own.rmse < rmse),
  );
  const { horizon, season } = config;
  return { task: "forecast", windows: windows.count, horizon, season, targets, beatsBaselines };
}

function score(
  method: string,
  values: Float64Array,
  frames: Frames,
  { count, horizon, series, first }: Windows,
  k: number,
  scales: readonly number[],
): Score {
  const K = frames.targets;
  const width = frames.set.features.length;
  const sums = Array.from({ length: horizon }, () => ({ n: 0, squares: 0, sizes: 0, scaled: 0 }));
  for (let w = 0; w < count; w++) {
    const own = frames.frames[series[w]].series;
    for (let h = 0; h < horizon; h++) {
      const at = (first[w] + h) * width + k;
      if (!own.observed[at]) continue;
      const error = Math.abs(own.values[at] - values[(w * horizon + h) * K + k]);
      const sum = sums[h];
      sum.n++;
      sum.squares += error ** 2;
      sum.sizes += error;
      sum.scaled += error / scales[series[w]];
    }
  }
  const total = sums.reduce((a, b) => ({
    n: a.n + b.n,
    squares: a.squares + b.squares,
    sizes: a.sizes + b.sizes,
    scaled: a.scaled + b.scaled,
  }));
  const known = Number.isFinite(total.scaled);
  return {
    method,
    rmse: Math.sqrt(total.squares / total.n),
    mae: total.sizes / total.n,
    mase: known ? total.scaled / total.n : null,
    byStep: {
      rmse: sums.map(({ squares, n }) => Math.sqrt(squares / n)),
      mae: sums.map(({ sizes, n }) => sizes / n),
      mase: known ? sums.map(({ scaled, n }) => scaled / n) : null,
    },
  };
}
