/**
 * How good a forecaster is, beside the forecasts that cost nothing: on the same windows, in the
 * unit of the data, for every step ahead. Truths that were never observed are left out for all
 * alike.
 */
import { piecesOfPart, type SeriesArchive } from "../data/archive.ts";
import { inTurn, type Places, rangesOf } from "../data/ranges.ts";
import type { Part } from "../data/split.ts";
import { excerptOf } from "./excerpts.ts";
import { AT_ONCE, type Forecaster } from "./forecaster.ts";
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

/**
 * What q of MASE is for a series, each target: the mean change over a season before step `end`;
 * NaN where there is none.
 */
function scalesOf(archive: SeriesArchive, series: number, season: number, end: number): number[] {
  const width = archive.features.length;
  const found = Array.from({ length: archive.targets }, () => [0, 0]);
  const part = { series, start: 0, end };
  for (const { values, observed, earlier } of piecesOfPart(archive, part, season))
    for (let t = Math.max(earlier, season); t < values.length / width; t++)
      found.forEach((sum, k) => {
        const [now, then] = [t * width + k, (t - season) * width + k];
        if (!observed[now] || !observed[then]) return;
        sum[0] += Math.abs(values[now] - values[then]);
        sum[1]++;
      });
  return found.map(([sum, count]) => (sum === 0 ? Number.NaN : sum / count));
}

/**
 * Score a forecaster and its baselines on the windows of some parts, a few thousand at a time.
 * @param train  parts that MASE is scaled by; each series as a whole without them
 */
export function scoreForecasts(
  config: ForecastConfig,
  run: Forecaster,
  archive: SeriesArchive,
  parts: readonly Part[],
  train?: readonly Part[],
): ForecastScores {
  const { horizon, season, window: input } = config;
  // All methods are scored on the same windows: those with a season before them, if there are any.
  const all = rangesOf(parts, { input, horizon });
  const late = rangesOf(parts, { input, horizon, least: season });
  const seasonal = season > 1 && late.count > 0;
  const ranges = seasonal ? late : all;
  const ends = archive.series.map(
    ({ length }, s) => train?.find((part) => part.series === s)?.end ?? length,
  );
  const scales = ends.map((end, s) => scalesOf(archive, s, season, end));
  const methods = (frames: Frames): [string, Method][] => [
    [config.network.cell.toUpperCase(), (places) => run(frames, places)],
    ...baselinesOf(seasonal ? config : { ...config, season: 1 }, frames),
  ];
  const tallies = new Map<string, Tally[]>();
  for (const indices of inTurn(ranges.count, AT_ONCE)) {
    const places = ranges.at(indices);
    const { frames, windows } = excerptOf(archive, places, config);
    for (const [name, method] of methods(frames)) {
      const tally = tallies.get(name) ?? config.roles.target.map(() => emptyTally(horizon));
      tallies.set(name, tally);
      const values = method(windows);
      const own = (w: number, k: number) => scales[places.series[w]][k];
      tally.forEach((sums, k) => {
        addUp(sums, values, frames, windows, k, own);
      });
    }
  }
  const targets = config.roles.target.map((target, k) => ({
    target,
    scores: [...tallies].map(([method, tally]) => scoreOf(method, tally[k])),
  }));
  const beatsBaselines = targets.every(({ scores: [own, ...others] }) =>
    others.every(({ rmse }) => own.rmse < rmse),
  );
  return { task: "forecast", windows: ranges.count, horizon, season, targets, beatsBaselines };
}

/** Sums over the errors of one method for one target, each step ahead. */
type Tally = { n: number; squares: number; sizes: number; scaled: number }[];

const emptyTally = (horizon: number): Tally =>
  Array.from({ length: horizon }, () => ({ n: 0, squares: 0, sizes: 0, scaled: 0 }));

function addUp(
  sums: Tally,
  values: Float64Array,
  frames: Frames,
  { count, series, first }: Places,
  k: number,
  scale: (window: number, target: number) => number,
): void {
  const [K, horizon, width] = [frames.targets, sums.length, frames.set.features.length];
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
      sum.scaled += error / scale(w, k);
    }
  }
}

function scoreOf(method: string, sums: Tally): Score {
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
