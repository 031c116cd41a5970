/**
 * From a table to a forecaster: every choice that the user left open is made from the training part
 * alone, noted in a sentence, and kept as data. The model sees a window and forecasts all steps of
 * the horizon at once, as differences from the simplest good forecast.
 */

import { epochBatches } from "../data/batches.ts";
import type { MissingPolicy } from "../data/missing.ts";
import { fitScaler } from "../data/scalers.ts";
import { readSeries, type SeriesSet } from "../data/series.ts";
import { type Part, type Split, splitSeries } from "../data/split.ts";
import { findColumn, type Table } from "../data/table.ts";
import { makeWindows, type Windows } from "../data/windows.ts";
import { fail } from "../errors/tasks.ts";
import { RetrogradError } from "../errors.ts";
import { dense } from "../layers/dense.ts";
import { lastStep } from "../layers/heads.ts";
import { sequential } from "../layers/sequential.ts";
import type { Batch, DataSource } from "../train/batch.ts";
import { mse } from "../train/losses/distances.ts";
import { bptt } from "../train/methods/bptt.ts";
import { cyclesOf } from "./calendar.ts";
import { afterSeason, chooseAround, differencesOf, drifts, sampleWindows } from "./differences.ts";
import type { Around, ForecastConfig, ForecastOptions } from "./forecastOptions.ts";
import { type FrameConfig, type Frames, framesOf, takeFrames } from "./frames.ts";
import {
  chosen,
  type Learning,
  type Lessons,
  learningDefaults,
  networkDefaults,
  type RecurrentModel,
  recurrent,
} from "./learning.ts";
import { seasonOf } from "./season.ts";

/** A forecaster ready to be trained. */
export interface ForecastTask {
  readonly task: "forecast";
  readonly config: ForecastConfig;
  readonly frames: Frames;
  readonly split: Split;
  readonly lessons: Lessons;
  /** What was decided, in sentences. */
  readonly notes: readonly string[];
}

const rolesOf = (options: ForecastOptions) => ({
  ...(options.time !== undefined && { time: options.time }),
  ...(options.target !== undefined && { target: options.target }),
  ...(options.covariates !== undefined && { covariates: options.covariates }),
  ...(options.group !== undefined && { group: options.group }),
  ...(options.missing !== undefined && { missing: options.missing }),
  ...(options.duplicates !== undefined && { duplicates: options.duplicates }),
  ...(options.irregular !== undefined && { irregular: options.irregular }),
});

/**
 * Decide everything about a forecaster of a table.
 * @throws what readSeries, splitSeries and fitScaler throw; "window-too-long"
 */
export function prepareForecast(table: Table, options: ForecastOptions = {}): ForecastTask {
  const set = readSeries(table, rolesOf(options));
  const notes = [...set.notes];
  const lengths = set.series.map(({ times }) => times.length);
  const longest = Math.max(...lengths);
  const { validation = 0.1, test = 0.1 } = options;
  const horizon = options.horizon ?? defaultHorizon(set, longest);
  const window = options.window ?? defaultWindow(set, longest, horizon);
  const split = splitFor(set, { validation, test, window, horizon });
  if (split.skipped.length > 0)
    notes.push(`${split.skipped.length} series too short to be split are left out.`);
  const season = options.season ?? seasonOf(set, split.train);
  const perSeries = set.series.length > 1;
  const scaler = fitScaler(set, split.train, { kind: options.scaler ?? "standard", perSeries });
  const wanted = options.calendar ?? set.isDate;
  const cycles = wanted ? cyclesOf(set.frequency, set.series[split.train[0].series].times) : [];
  const roles = chosenRoles(table, set, options);
  const first: FrameConfig = {
    ...{ roles, horizon, window, season, cycles, scaler },
    around: options.around ?? "last",
  };
  const frames = framesOf(keptSeries(set, split), first);
  const sample = sampleWindows(frames, split.train, first);
  const around = options.around ?? chooseAround(frames, sample, first);
  const drift = options.drift ?? drifts(frames, split.train);
  const config: ForecastConfig = {
    ...{ task: "forecast", ...first, around, validation, test, spread: null },
    differences: differencesOf(
      frames,
      sampleFor(sample, around, season),
      { ...first, around },
      drift,
    ),
    network: chosen(networkDefaults, options),
    learning: chosen(learningDefaults, options),
  };
  notes.push(...describeChoices(config, drift, options));
  return {
    task: "forecast",
    config,
    frames,
    split,
    notes,
    lessons: lessonsOf(config, frames, split),
  };
}

const sampleFor = (sample: Windows, around: Around, season: number): Windows =>
  around === "season" ? afterSeason(sample, season) : sample;

/** Every series must be split; with many, those too short are left out. */
function splitFor(
  set: SeriesSet,
  {
    validation,
    test,
    window,
    horizon,
  }: Record<"validation" | "test" | "window" | "horizon", number>,
): Split {
  const short = set.series.length > 1 ? "skip" : "refuse";
  try {
    return splitSeries(set.series, { validation, test, input: window, horizon, short });
  } catch (error) {
    if (!(error instanceof RetrogradError) || !/^split-(short|none)$/.test(error.code)) throw error;
    const longest = set.series.reduce((a, b) => (b.times.length > a.times.length ? b : a));
    const { length } = longest.times;
    const kept = (share: number) => (share < 1 ? Math.max(horizon, share * length) : share);
    const held = (share: number) => (share === 0 ? 0 : Math.ceil(kept(share)));
    const need = window + horizon + held(validation) + held(test);
    return fail("window-too-long", { series: longest.name, length, need, window, horizon });
  }
}

/** Series that were left out have no scaling: they must not be scaled. */
function keptSeries(set: SeriesSet, split: Split): SeriesSet {
  if (split.skipped.length === 0) return set;
  const place = new Map<number, number>();
  const series = set.series.filter((_, i) => {
    if (split.skipped.includes(i)) return false;
    place.set(i, place.size);
    return true;
  });
  for (const parts of [split.train, split.validation, split.test])
    for (const part of parts) part.series = place.get(part.series)!;
  return { ...set, series };
}

/**
 * A season ahead where one is short, else a dozen steps; never more than a sixteenth of the data.
 */
function defaultHorizon(set: SeriesSet, length: number): number {
  const wanted = set.season > 1 && set.season <= 24 ? set.season : 12;
  return Math.max(1, Math.min(wanted, Math.floor(length / 16)));
}

/** Two seasons or four horizons, whichever is more, as far as the training part allows. */
function defaultWindow(set: SeriesSet, length: number, horizon: number): number {
  const wanted = Math.max(2 * Math.min(set.season, 168), 4 * horizon, 24);
  return Math.max(1, Math.min(wanted, Math.floor(length / 4)));
}

/** Roles as columns of any file like this one. */
function chosenRoles(table: Table, set: SeriesSet, options: ForecastOptions) {
  const isColumn = set.time !== null && table.columns.some(({ name }) => name === set.time);
  if (isColumn) findColumn(table, set.time!);
  const time = isColumn || set.time === null ? set.time : options.time;
  return {
    time,
    target: set.features.slice(0, set.targets),
    covariates: set.features.slice(set.targets),
    group: set.group,
    missing: options.missing ?? ("forward" as MissingPolicy),
    duplicates: options.duplicates ?? ("refuse" as const),
    irregular: options.irregular ?? ("refuse" as const),
  };
}

const aroundText: Record<Around, string> = {
  last: "the last value",
  season: "the value one season before",
  mean: "the mean of the training part",
};

function describeChoices(config: ForecastConfig, drift: boolean, given: ForecastOptions): string[] {
  const { window, horizon, season, around, cycles } = config;
  const by = (name: keyof ForecastOptions) => (given[name] === undefined ? "" : " (as given)");
  const notes = [
    `The model sees ${window} steps${by("window")} and forecasts the next ${horizon}${by("horizon")}.`,
    season > 1
      ? `A season has ${season} steps${by("season")}.`
      : "No season was found, so there is no seasonal baseline.",
    `It learns differences from ${aroundText[around]}${by("around")}.`,
  ];
  if (drift) notes.push(`The values drift${by("drift")}: it sees them relative to the last one.`);
  if (cycles.length) notes.push(`Inputs beside the values: the time of the ${cycles.join(", ")}.`);
  return notes;
}

/** The network of a config. */
export function forecastModel({ network, horizon, roles }: ForecastConfig): RecurrentModel {
  const head = dense(horizon * roles.target.length);
  return sequential(...recurrent(network), lastStep(), head) as unknown as RecurrentModel;
}

/** Windows of some parts. */
export const windowsOf = (
  frames: Frames,
  parts: readonly Part[],
  { window, horizon }: ForecastConfig,
): Windows => makeWindows(frames.set, parts, { input: window, horizon });

function lessonsOf(config: ForecastConfig, frames: Frames, split: Split): Lessons {
  const all = windowsOf(frames, split.train, config);
  const windows = config.around === "season" ? afterSeason(all, config.season) : all;
  const { learning } = config;
  const validation = split.validation.length
    ? sourceOf(frames, windowsOf(frames, split.validation, config), config)
    : undefined;
  return {
    model: forecastModel(config),
    data: sourceOf(frames, windows, config, learning),
    validation,
    batches: Math.ceil(windows.count / learning.batch),
    loss: mse(),
    method: bptt(),
    metrics: [],
  };
}

/** Windows as batches: shuffled by (seed, epoch) for learning, in order for validation. */
export function sourceOf(
  frames: Frames,
  windows: Windows,
  config: ForecastConfig,
  shuffle?: Pick<Learning, "seed">,
): DataSource {
  const batch = Math.min(config.learning.batch, windows.count);
  return {
    *batches(epoch): Iterable<Batch> {
      const order = shuffle ? { batch, seed: shuffle.seed, epoch } : { batch };
      for (const indices of epochBatches(windows.count, order))
        yield takeFrames(frames, windows, indices, config);
    },
  };
}
