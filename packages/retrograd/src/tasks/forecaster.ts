/**
 * A trained forecaster at work: forecasts over windows of a file, and of what comes after its end,
 * with the dates, and with limits that held four times in five while it was being trained.
 */
import { archiveOf, type SeriesArchive } from "../data/archive.ts";
import { timeAfter } from "../data/frequency.ts";
import { inTurn, type Places, rangesOf, spaced } from "../data/ranges.ts";
import { readSeries } from "../data/series.ts";
import type { Part } from "../data/split.ts";
import type { Table } from "../data/table.ts";
import { fail } from "../errors/tasks.ts";
import { jit, type TargetName } from "../jit/jit.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { feed, padRows } from "../train/batch.ts";
import { excerptOf } from "./excerpts.ts";
import { forecastModel } from "./forecast.ts";
import type { ForecastConfig, Spread } from "./forecastOptions.ts";
import { type Frames, restore, takeFrames } from "./frames.ts";

/** Rows of a batch when forecasting. */
const ROWS = 64;
/** Windows that are in memory at a time. */
export const AT_ONCE = 1 << 12;
/** Windows from whose errors limits are read. */
const ENOUGH = 20_000;

/** The series of a file for a trained forecaster. */
export function readArchive(table: Table, config: ForecastConfig): SeriesArchive {
  const { time, ...roles } = config.roles;
  return archiveOf(readSeries(table, { ...roles, ...(time !== undefined && { time }) }));
}

/** Compile once, forecast often: [windows, horizon, targets] in the unit of the data. */
export function forecaster(config: ForecastConfig, params: unknown, target?: TargetName) {
  const model = forecastModel(config);
  const apply = jit((p: any, x: Tensor) => model.apply(p, x), { target });
  return (frames: Frames, places: Places): Float64Array => {
    const size = config.horizon * frames.targets;
    const outputs = new Float32Array(places.count * size);
    for (let at = 0; at < places.count; at += ROWS) {
      const count = Math.min(ROWS, places.count - at);
      const own = (list: Int32Array) => list.subarray(at, at + count);
      const some = { count, series: own(places.series), first: own(places.first) };
      const { inputs } = padRows(feed(takeFrames(frames, some, config)), ROWS);
      const y = apply(params, inputs) as Tensor;
      outputs.set((y.data as Float32Array).subarray(0, count * size), at * size);
    }
    return restore(frames, places, outputs, config);
  };
}

export type Forecaster = ReturnType<typeof forecaster>;

/** What comes after the end of one series. */
export interface Future {
  readonly series: string;
  /** [horizon]: milliseconds since 1970, or numbers where time is no date. */
  readonly times: readonly number[];
  /** By the name of a target: [horizon] each. */
  readonly forecast: Readonly<Record<string, readonly number[]>>;
  /** Limits within which four in five validation forecasts lay; null without them. */
  readonly low: Readonly<Record<string, readonly number[]>> | null;
  readonly high: Readonly<Record<string, readonly number[]>> | null;
}

/**
 * The steps after the end of every series.
 * @throws "history-short"
 */
export function forecastFuture(
  config: ForecastConfig,
  run: Forecaster,
  archive: SeriesArchive,
): Future[] {
  const { window } = config;
  for (const { name, length } of archive.series)
    if (length < window) fail("history-short", { series: name, length, window });
  return [...inTurn(archive.series.length, AT_ONCE)].flatMap((some) => {
    const first = Int32Array.from(some, (s) => archive.series[s].length);
    const places = { count: some.length, series: Int32Array.from(some), first };
    const { frames, windows } = excerptOf(archive, places, config);
    const values = run(frames, windows);
    return some.map((s, row) => futureOf(config, archive.series[s], values, row));
  });
}

function futureOf(
  { horizon, roles, spread }: ForecastConfig,
  { name, frequency, last }: SeriesArchive["series"][number],
  values: Float64Array,
  row: number,
): Future {
  const K = roles.target.length;
  const column = (k: number) =>
    Array.from({ length: horizon }, (_, h) => values[(row * horizon + h) * K + k]);
  const named = (f: (k: number) => number[]) =>
    Object.fromEntries(roles.target.map((target, k) => [target, f(k)]));
  const moved = (by: Spread["low"]) => named((k) => column(k).map((y, h) => y + by[k][h]));
  return {
    series: name,
    times: Array.from({ length: horizon }, (_, h) => timeAfter(frequency, last, h + 1)),
    forecast: named(column),
    low: spread && moved(spread.low),
    high: spread && moved(spread.high),
  };
}

/**
 * Errors of a part that eight in ten forecasts do not exceed, for every target and step ahead; of
 * many windows, those of some thousands, evenly apart.
 */
export function spreadOf(
  config: ForecastConfig,
  run: Forecaster,
  archive: SeriesArchive,
  parts: readonly Part[],
): Spread | null {
  if (parts.length === 0) return null;
  const { window: input, horizon } = config;
  const ranges = rangesOf(parts, { input, horizon });
  const indices = spaced(ranges.count, ENOUGH);
  const errors = config.roles.target.map(() =>
    Array.from({ length: horizon }, () => [] as number[]),
  );
  for (const some of inTurn(indices.length, AT_ONCE)) {
    const places = ranges.at(some.map((i) => indices[i]));
    const { frames, windows } = excerptOf(archive, places, config);
    eachError(frames, windows, run(frames, windows), horizon, (error, k, h) =>
      errors[k][h].push(error),
    );
  }
  const limits = (list: number[]): [number, number] => {
    list.sort((a, b) => a - b);
    const quantile = (p: number) => list[Math.round(p * (list.length - 1))] ?? 0;
    // The forecast lies within its limits, even where all errors are on one side of it.
    return [Math.min(0, quantile(0.1)), Math.max(0, quantile(0.9))];
  };
  const both = errors.map((steps) => steps.map(limits));
  const table = (side: 0 | 1) => both.map((steps) => steps.map((pair) => pair[side]));
  return { low: table(0), high: table(1) };
}

/** Truth less forecast, where the truth was observed. */
function eachError(
  frames: Frames,
  { count, series, first }: Places,
  values: Float64Array,
  horizon: number,
  visit: (error: number, target: number, step: number) => void,
): void {
  const [K, width] = [frames.targets, frames.set.features.length];
  for (let w = 0; w < count; w++) {
    const own = frames.frames[series[w]].series;
    for (let h = 0; h < horizon; h++)
      for (let k = 0; k < K; k++) {
        const at = (first[w] + h) * width + k;
        if (own.observed[at]) visit(own.values[at] - values[(w * horizon + h) * K + k], k, h);
      }
  }
}
