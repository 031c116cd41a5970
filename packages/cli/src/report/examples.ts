/**
 * Forecasts of the test part for the report: windows side by side, so that none overlaps another.
 */

import type { Split } from "retrograd/data";
import { baselinesOf, type ForecastConfig, type Forecaster, type Frames } from "retrograd/tasks";
import type { Examples } from "./data.ts";

/** Most steps of the past that are drawn before the test part. */
const CONTEXT = 60;

/** @param strongest  name of the baseline that errs least */
export function forecastExamples(
  config: ForecastConfig,
  run: Forecaster,
  frames: Frames,
  split: Split,
  strongest: string,
): Examples {
  const parts = [split.test, split.validation, split.train].find((list) => list.length > 0)!;
  const [part] = parts;
  const { horizon } = config;
  const firsts: number[] = [];
  for (let t = Math.max(part.start, config.window); t + horizon <= part.end; t += horizon)
    firsts.push(t);
  const places = {
    count: firsts.length,
    series: new Int32Array(firsts.length).fill(part.series),
    first: Int32Array.from(firsts),
  };
  const named = baselinesOf(config, frames).map(
    ([name, method]) => [name, method(places)] as const,
  );
  const { series } = frames.frames[part.series];
  const width = frames.set.features.length;
  const K = frames.targets;
  const actualAt = (t: number) =>
    series.observed[t * width] ? series.values[t * width] : Number.NaN;
  const model = run(frames, places);
  const [baseline, rival] = named.find(([name]) => name === strongest) ?? named[0];
  const forecasts = firsts.flatMap((first, window) =>
    Array.from({ length: horizon }, (_, h) => ({
      ...{ time: series.times[first + h], window, step: h + 1, actual: actualAt(first + h) },
      model: model[(window * horizon + h) * K],
      baseline: rival[(window * horizon + h) * K],
    })),
  );
  const from = Math.max(0, part.start - CONTEXT);
  const actual = Array.from({ length: part.end - from }, (_, i) => ({
    time: series.times[from + i],
    value: actualAt(from + i),
  }));
  return { series: series.name, target: config.roles.target[0], actual, forecasts, baseline };
}
