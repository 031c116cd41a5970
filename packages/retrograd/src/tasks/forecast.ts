/**
 * From a table to a forecaster: every choice that the user left open is made from the training part
 * alone, noted in a sentence, and kept as data. The model sees a window and forecasts all steps of
 * the horizon at once, as differences from the simplest good forecast.
 */

import { archiveOf, pickSeries, type SeriesArchive } from "../data/archive.ts";
import { blockOrder } from "../data/blockOrder.ts";
import type { MissingPolicy } from "../data/missing.ts";
import { inTurn, type Places, type Ranges, rangesOf } from "../data/ranges.ts";
import { fitArchive } from "../data/scalers.ts";
import { readSeries, type SeriesSet } from "../data/series.ts";
import { type Part, type Split, splitSeries } from "../data/split.ts";
import type { Table } from "../data/table.ts";
import type { Windows } from "../data/windows.ts";
import { fail } from "../errors/tasks.ts";
import { RetrogradError } from "../errors.ts";
import { dense } from "../layers/dense.ts";
import { lastStep } from "../layers/heads.ts";
import { sequential } from "../layers/sequential.ts";
import type { Batch, DataSource } from "../train/batch.ts";
import { mse } from "../train/losses/distances.ts";
import { cyclesOf } from "./calendar.ts";
import { afterSeason, chooseAround, differencesOf, drifts, sampleWindows } from "./differences.ts";
import { excerptOf } from "./excerpts.ts";
import type { Around, ForecastConfig, ForecastOptions } from "./forecastOptions.ts";
import { type FrameConfig, framesOf, takeFrames } from "./frames.ts";
import {
  chosen,
  type Learning,
  type Lessons,
  learningDefaults,
  networkDefaults,
  type RecurrentModel,
  recurrent,
} from "./learning.ts";
import { methodOf } from "./method.ts";
import { seasonOf } from "./season.ts";
import { whenRead } from "./whenRead.ts";

/** A forecaster ready to be trained. */
export interface ForecastTask {
  readonly task: "forecast";
  readonly config: ForecastConfig;
  /** The series that are long enough, which `split` numbers. */
  readonly archive: SeriesArchive;
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
  const isColumn = set.time === null || table.columns.some(({ name }) => name === set.time);
  const archive = archiveOf(set);
  return prepareSeries(archive, { ...options, time: isColumn ? set.time : options.time }, set);
}

/**
 * Decide everything about a forecaster of series that are read in pieces: their training part is
 * gone through a few times, and no more than some thousand steps are in memory at once.
 * @param held  the same series, where they are in memory anyhow
 * @throws what splitSeries and fitScaler throw; "window-too-long"
 */
export function prepareSeries(
  all: SeriesArchive,
  options: ForecastOptions = {},
  held?: SeriesSet,
): ForecastTask {
  const notes = [...all.notes];
  const longest = all.series.reduce((most, { length }) => Math.max(most, length), 0);
  const { validation = 0.1, test = 0.1 } = options;
  const horizon = options.horizon ?? defaultHorizon(all, longest);
  const window = options.window ?? defaultWindow(all, longest, horizon);
  const whole = splitFor(all, { validation, test, window, horizon });
  if (whole.skipped.length > 0)
    notes.push(`${whole.skipped.length} series too short to be split are left out.`);
  const { kept, split } = withoutSkipped(whole, all.series.length);
  const archive = pickSeries(all, kept);
  const season = options.season ?? seasonOf(archive, split.train);
  const kind = options.scaler ?? "standard";
  const scaler = fitArchive(archive, split.train, { kind, perSeries: all.series.length > 1 });
  const { first: begin, last } = archive.series[split.train[0].series];
  const cycles =
    (options.calendar ?? all.isDate) ? cyclesOf(all.frequency, Math.max(0, last - begin)) : [];
  const first: FrameConfig = {
    ...{ roles: chosenRoles(all, options), horizon, window, season, cycles, scaler },
    around: options.around ?? "last",
  };
  const { frames, windows } = sampleWindows(archive, split.train, first);
  const around = options.around ?? chooseAround(frames, windows, first);
  const drift = options.drift ?? drifts(archive, scaler, split.train);
  const sample = sampleFor(windows, around, season);
  const config: ForecastConfig = {
    ...{ task: "forecast", ...first, around, validation, test, spread: null },
    differences: differencesOf(frames, sample, { ...first, around }, drift),
    network: chosen(networkDefaults, options),
    learning: chosen(learningDefaults, options),
  };
  notes.push(...describeChoices(config, drift, options));
  const own = held && { ...held, series: kept.map((s) => held.series[s]) };
  const lessons = lessonsOf(config, split, takerOf(config, archive, own));
  return { task: "forecast", config, archive, split, notes, lessons };
}

const sampleFor = (sample: Windows, around: Around, season: number): Windows =>
  around === "season" ? afterSeason(sample, season) : sample;

/** Every series must be split; with many, those too short are left out. */
function splitFor(
  set: SeriesArchive,
  {
    validation,
    test,
    window,
    horizon,
  }: Record<"validation" | "test" | "window" | "horizon", number>,
): Split {
  const short = set.series.length > 1 ? "skip" : "refuse";
  try {
    const series = set.series.map(({ name, length }) => ({ name, times: { length } }));
    return splitSeries(series, { validation, test, input: window, horizon, short });
  } catch (error) {
    if (!(error instanceof RetrogradError) || !/^split-(short|none)$/.test(error.code)) throw error;
    const longest = set.series.reduce((a, b) => (b.length > a.length ? b : a));
    const { length } = longest;
    const kept = (share: number) => (share < 1 ? Math.max(horizon, share * length) : share);
    const held = (share: number) => (share === 0 ? 0 : Math.ceil(kept(share)));
    const need = window + horizon + held(validation) + held(test);
    return fail("window-too-long", { series: longest.name, length, need, window, horizon });
  }
}

/** Series that were left out have no scaling: the others are numbered without them. */
function withoutSkipped(split: Split, count: number): { kept: number[]; split: Split } {
  const skipped = new Set(split.skipped);
  const kept = Array.from({ length: count }, (_, s) => s).filter((s) => !skipped.has(s));
  const place = new Map(kept.map((s, i) => [s, i]));
  const moved = (parts: readonly Part[]) =>
    parts.map((part) => ({ ...part, series: place.get(part.series)! }));
  const { train, validation, test } = split;
  return {
    kept,
    split: {
      ...{ train: moved(train), validation: moved(validation), test: moved(test) },
      skipped: split.skipped,
    },
  };
}

/**
 * A season ahead where one is short, else a dozen steps; never more than a sixteenth of the data.
 */
function defaultHorizon(set: SeriesArchive, length: number): number {
  const wanted = set.season > 1 && set.season <= 24 ? set.season : 12;
  return Math.max(1, Math.min(wanted, Math.floor(length / 16)));
}

/** Two seasons or four horizons, whichever is more, as far as the training part allows. */
function defaultWindow(set: SeriesArchive, length: number, horizon: number): number {
  const wanted = Math.max(2 * Math.min(set.season, 168), 4 * horizon, 24);
  return Math.max(1, Math.min(wanted, Math.floor(length / 4)));
}

/** Roles as columns of any file like this one. */
const chosenRoles = (set: SeriesArchive, options: ForecastOptions) => ({
  time: options.time,
  target: set.features.slice(0, set.targets),
  covariates: set.features.slice(set.targets),
  group: set.group,
  missing: options.missing ?? ("forward" as MissingPolicy),
  duplicates: options.duplicates ?? ("refuse" as const),
  irregular: options.irregular ?? ("refuse" as const),
});

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

/** Windows as rows of a batch. */
type Taker = (places: Places) => Batch;

/** Rows from the series in memory, scaled once, or from excerpts. */
function takerOf(config: ForecastConfig, archive: SeriesArchive, held?: SeriesSet): Taker {
  if (held) {
    const frames = framesOf(held, config);
    return (places) => takeFrames(frames, places, config);
  }
  return (places) => {
    const { frames, windows } = excerptOf(archive, places, config);
    return takeFrames(frames, windows, config);
  };
}

function lessonsOf(config: ForecastConfig, split: Split, take: Taker): Lessons {
  const { learning, window: input, horizon, around, season } = config;
  const all = rangesOf(split.train, { input, horizon });
  const late = rangesOf(split.train, { input, horizon, least: season });
  const ranges = around === "season" && late.count > 0 ? late : all;
  const later = rangesOf(split.validation, { input, horizon });
  return {
    model: forecastModel(config),
    data: sourceOf(ranges, take, learning, learning),
    validation: split.validation.length ? sourceOf(later, take, learning) : undefined,
    batches: Math.ceil(ranges.count / learning.batch),
    loss: mse(),
    method: methodOf(config),
    metrics: [],
  };
}

/** Windows as batches: shuffled by (seed, epoch) for learning, in order for validation. */
function sourceOf(
  { count, at }: Ranges,
  take: Taker,
  { batch }: Pick<Learning, "batch">,
  shuffle?: Pick<Learning, "seed">,
): DataSource {
  return {
    *batches(epoch): Iterable<Batch> {
      const order = shuffle ? blockOrder(count, shuffle.seed, epoch) : (i: number) => i;
      for (const indices of inTurn(count, batch))
        yield whenRead(() => take(at(indices.map(order))));
    },
  };
}
