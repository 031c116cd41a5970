/**
 * Forecasts of the part that is judged, for the report: windows side by side, so that none overlaps
 * another.
 */

import type { Part, SeriesArchive } from "retrograd/data";
import { baselinesOf, excerptOf, type ForecastConfig, type Forecaster } from "retrograd/tasks";
import type { Examples } from "./data.ts";

/** Most steps of the past that are drawn before the part. */
const CONTEXT = 60;
/** Most steps of the part: its end, where it is longer. */
const MOST = 20_000;

/**
 * @param parts      the part that is judged, of each series; the first is shown
 * @param strongest  name of the baseline that errs least
 */
export function forecastExamples(
  config: ForecastConfig,
  run: Forecaster,
  archive: SeriesArchive,
  parts: readonly Part[],
  strongest: string,
): Examples {
  const [part] = parts;
  const { horizon } = config;
  const skipped = Math.max(0, Math.floor((part.end - part.start - MOST) / horizon)) * horizon;
  const firsts: number[] = [];
  for (let t = Math.max(part.start + skipped, config.window); t + horizon <= part.end; t += horizon)
    firsts.push(t);
  const { frames, windows: places } = excerptOf(
    archive,
    {
      count: firsts.length,
      series: new Int32Array(firsts.length).fill(part.series),
      first: Int32Array.from(firsts),
    },
    config,
  );
  const named = baselinesOf(config, frames).map(
    ([name, method]) => [name, method(places)] as const,
  );
  const width = archive.features.length;
  const K = frames.targets;
  const from = Math.max(0, part.start + skipped - CONTEXT);
  const { times, values, observed } = archive.read(part.series, from, part.end);
  const actualAt = (t: number) =>
    observed[(t - from) * width] ? values[(t - from) * width] : Number.NaN;
  const model = run(frames, places);
  const [baseline, rival] = named.find(([name]) => name === strongest) ?? named[0];
  const forecasts = firsts.flatMap((first, window) =>
    Array.from({ length: horizon }, (_, h) => ({
      ...{ time: times[first + h - from], window, step: h + 1, actual: actualAt(first + h) },
      model: model[(window * horizon + h) * K],
      baseline: rival[(window * horizon + h) * K],
    })),
  );
  const actual = Array.from(times, (time, i) => ({ time, value: actualAt(from + i) }));
  return {
    series: archive.series[part.series].name,
    target: config.roles.target[0],
    actual,
    forecasts,
    baseline,
  };
}
