/**
 * A trained forecaster at work: forecasts over windows of a file, and of what comes after its end,
 * with the dates, and with limits that held four times in five while it was being trained.
 */
import { timeAfter } from "../data/frequency.ts";
import { readSeries } from "../data/series.ts";
import type { Part } from "../data/split.ts";
import type { Table } from "../data/table.ts";
import type { Windows } from "../data/windows.ts";
import { fail } from "../errors/tasks.ts";
import { jit, type TargetName } from "../jit/jit.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { feed, padRows } from "../train/batch.ts";
import { forecastModel, windowsOf } from "./forecast.ts";
import type { ForecastConfig, Spread } from "./forecastOptions.ts";
import { type Frames, framesOf, restore, takeFrames } from "./frames.ts";

/** Rows of a batch when forecasting. */
const ROWS = 64;

/** The frames of a file for a trained forecaster. */
export function readFrames(table: Table, config: ForecastConfig): Frames {
  const { time, ...roles } = config.roles;
  const set = readSeries(table, { ...roles, ...(time !== undefined && { time }) });
  return framesOf(set, config);
}

export type Places = Pick<Windows, "series" | "first" | "count">;

/** Compile once, forecast often: [windows, horizon, targets] in the unit of the data. */
export function forecaster(config: ForecastConfig, params: unknown, target?: TargetName) {
  const model = forecastModel(config);
  const apply = jit((p: any, x: Tensor) => model.apply(p, x), { target });
  return (frames: Frames, places: Places): Float64Array => {
    const windows = {
      ...places,
      source: frames.set,
      input: config.window,
      horizon: config.horizon,
    };
    const size = config.horizon * frames.targets;
    const outputs = new Float32Array(places.count * size);
    for (let at = 0; at < places.count; at += ROWS) {
      const count = Math.min(ROWS, places.count - at);
      const indices = Array.from({ length: count }, (_, i) => at + i);
      const { inputs } = padRows(feed(takeFrames(frames, windows, indices, config)), ROWS);
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
export function forecastFuture(config: ForecastConfig, run: Forecaster, frames: Frames): Future[] {
  const { window, horizon, roles, spread } = config;
  const ends = frames.set.series.map(({ name, times }) => {
    if (times.length < window)
      fail("history-short", { series: name, length: times.length, window });
    return times.length;
  });
  const series = Int32Array.from(ends.keys());
  const values = run(frames, { count: ends.length, series, first: Int32Array.from(ends) });
  const K = frames.targets;
  return frames.set.series.map(({ name, frequency, times }, s) => {
    const last = times[times.length - 1];
    const column = (k: number) =>
      Array.from({ length: horizon }, (_, h) => values[(s * horizon + h) * K + k]);
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
  });
}

/** Errors of a part that eight in ten forecasts do not exceed, for every target and step ahead. */
export function spreadOf(
  config: ForecastConfig,
  run: Forecaster,
  frames: Frames,
  parts: readonly Part[],
): Spread | null {
  if (parts.length === 0) return null;
  const windows = windowsOf(frames, parts, config);
  const values = run(frames, windows);
  const [K, H, width] = [frames.targets, config.horizon, frames.set.features.length];
  const limits = (k: number, h: number): [number, number] => {
    const errors: number[] = [];
    for (let w = 0; w < windows.count; w++) {
      const { series } = frames.frames[windows.series[w]];
      const at = (windows.first[w] + h) * width + k;
      if (series.observed[at]) errors.push(series.values[at] - values[(w * H + h) * K + k]);
    }
    errors.sort((a, b) => a - b);
    const quantile = (p: number) => errors[Math.round(p * (errors.length - 1))] ?? 0;
    // The forecast lies within its limits, even where all errors are on one side of it.
    return [Math.min(0, quantile(0.1)), Math.max(0, quantile(0.9))];
  };
  const table = (side: 0 | 1) =>
    Array.from({ length: K }, (_, k) => Array.from({ length: H }, (_, h) => limits(k, h)[side]));
  return { low: table(0), high: table(1) };
}
