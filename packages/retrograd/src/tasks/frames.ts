/**
 * Frames: the series of a file as a forecaster sees them. Values are scaled, the calendar stands
 * beside them, and a window of them becomes a row of a batch: what came before, and by how much
 * what follows differs from the simplest forecast.
 */

import type { Places } from "../data/ranges.ts";
import { scale, unscale } from "../data/scalers.ts";
import type { Series, SeriesSet } from "../data/series.ts";
import type { Batch } from "../train/batch.ts";
import { cycleColumns, putCycles } from "./calendar.ts";
import type { Around, ForecastConfig } from "./forecastOptions.ts";

/** A config before its differences are known. */
export type FrameConfig = Pick<
  ForecastConfig,
  "horizon" | "window" | "season" | "around" | "cycles" | "scaler" | "roles"
>;

/** One series, scaled. */
export interface Frame {
  readonly series: Series;
  /** [time, targets + covariates] */
  readonly scaled: Float64Array;
  /** [time, inputs of the model] */
  readonly inputs: Float64Array;
}

export interface Frames {
  readonly set: SeriesSet;
  readonly frames: readonly Frame[];
  /** Names of the model's inputs. */
  readonly columns: readonly string[];
  readonly targets: number;
}

/** Scale the series of a set, and set the calendar beside them. @throws "scaler-unknown-series" */
export function framesOf(set: SeriesSet, config: FrameConfig): Frames {
  const columns = [...set.features, ...cycleColumns(config.cycles)];
  const width = set.features.length;
  const frames = set.series.map((series): Frame => {
    const scaled = scale(config.scaler, series.values, series.name, set.features);
    const inputs = new Float64Array(series.times.length * columns.length);
    series.times.forEach((time, t) => {
      inputs.set(scaled.subarray(t * width, (t + 1) * width), t * columns.length);
      putCycles(inputs, t * columns.length + width, config.cycles, time);
    });
    return { series, scaled, inputs };
  });
  return { set, frames, columns, targets: set.targets };
}

/** Where the forecast of step `h` of a window starts from, scaled. */
export function baseOf(
  frame: Frame,
  { around, season }: { around: Around; season: number },
  width: number,
  { first, h, k }: { first: number; h: number; k: number },
): number {
  if (around === "mean") return 0;
  const back = around === "season" && season > 1 ? season * Math.ceil((h + 1) / season) - h : 1;
  const at = Math.max(0, first - back);
  return frame.scaled[at * width + k];
}

/** Rows of a batch: windows as inputs and differences from their base. */
export function takeFrames(
  frames: Frames,
  windows: Places,
  config: FrameConfig & Pick<ForecastConfig, "differences">,
): Batch {
  const { horizon, window, differences } = config;
  const { targets, columns } = frames;
  const rows = windows.count;
  const inputs = new Float32Array(rows * window * columns.length);
  const wanted = new Float32Array(rows * horizon * targets);
  const mask = new Float32Array(wanted.length);
  const width = frames.set.features.length;
  for (let row = 0; row < rows; row++) {
    const frame = frames.frames[windows.series[row]];
    const first = windows.first[row];
    fillInputs(inputs, row, frames, frame, first, config);
    for (let h = 0; h < horizon && first + h < frame.series.times.length; h++)
      for (let k = 0; k < targets; k++) {
        const at = (first + h) * width + k;
        const base = baseOf(frame, config, width, { first, h, k });
        const to = (row * horizon + h) * targets + k;
        wanted[to] = (frame.scaled[at] - base - differences.shift[k]) / differences.scale[k];
        mask[to] = frame.series.observed[at];
      }
  }
  const shape = [rows, horizon * targets];
  return {
    inputs: { data: inputs, shape: [rows, window, columns.length] },
    targets: { data: wanted, shape },
    mask: { data: mask, shape },
  };
}

function fillInputs(
  inputs: Float32Array,
  row: number,
  { columns, targets }: Frames,
  frame: Frame,
  first: number,
  { window, differences }: Pick<ForecastConfig, "window" | "differences">,
): void {
  const size = columns.length;
  const from = row * window * size;
  inputs.set(frame.inputs.subarray((first - window) * size, first * size), from);
  const { inside } = differences;
  if (!inside) return;
  for (let k = 0; k < targets; k++) {
    const last = frame.inputs[(first - 1) * size + k];
    for (let t = 0; t < window; t++) {
      const value = frame.inputs[(first - window + t) * size + k];
      inputs[from + t * size + k] = (value - last) / inside[k];
    }
  }
}

/** Forecasts in the unit of the data, [windows, horizon, targets], from a model's outputs. */
export function restore(
  frames: Frames,
  windows: Places,
  outputs: Float32Array | Float64Array,
  config: FrameConfig & Pick<ForecastConfig, "differences">,
): Float64Array {
  const { horizon, differences, scaler } = config;
  const { targets, set } = frames;
  const names = set.features.slice(0, targets);
  const restored = new Float64Array(windows.count * horizon * targets);
  const size = horizon * targets;
  for (let w = 0; w < windows.count; w++) {
    const frame = frames.frames[windows.series[w]];
    const scaled = Float64Array.from({ length: size }, (_, i) => {
      const [h, k] = [Math.floor(i / targets), i % targets];
      const place = { first: windows.first[w], h, k };
      const base = baseOf(frame, config, set.features.length, place);
      return base + differences.shift[k] + differences.scale[k] * outputs[w * size + i];
    });
    restored.set(unscale(scaler, scaled, frame.series.name, names), w * size);
  }
  return restored;
}
