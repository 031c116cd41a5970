/**
 * From a table to time series on a regular grid: rows are sorted, told apart by group, set on the
 * rhythm of their times with the missing steps put in, and filled by the policy of `missing.ts`.
 * What leaves this file has no NaN, one step per row, and a mask of what was truly observed.
 */
import { findGrid, placeOnGrid, refuseMissing, sortRows, splitRows } from "./align.ts";
import { chooseRoles, type RoleOptions } from "./choose.ts";
import { type Frequency, frequency, seasonFor } from "./frequency.ts";
import { fillMissing, type MissingPolicy, type Steps } from "./missing.ts";
import { findNumbers, type Table } from "./table.ts";

/** One series: its name (that of its group, else of its targets), its rhythm and its steps. */
export interface Series extends Steps {
  name: string;
  frequency: Frequency;
}

/** The series of a table; all have the same features, the targets first. */
export interface SeriesSet {
  file: string;
  series: Series[];
  /** Names of the columns of `values`: targets, then covariates. */
  features: string[];
  /** How many of the features are targets. */
  targets: number;
  /** Column of times, or null where the order of rows is time. */
  time: string | null;
  /** Whether times are milliseconds since 1970; otherwise they are plain numbers. */
  isDate: boolean;
  group: string | null;
  /** The rhythm of most series. */
  frequency: Frequency;
  /** Steps in a season, guessed from the frequency. */
  season: number;
  /** What was decided, in sentences. */
  notes: string[];
}

export interface SeriesOptions extends RoleOptions {
  /** Usually "forward". */
  missing?: MissingPolicy;
  /** Rows of one series with the same time: an error, their mean, or the last one. */
  duplicates?: "refuse" | "mean" | "last";
  /** Times that follow no rhythm: an error, or keep the rows and let their order be the grid. */
  irregular?: "refuse" | "keep";
}

/**
 * The time series of a table.
 * @throws what `chooseRoles` throws; "series-no-time", "series-no-group" for a row without one;
 *         "series-duplicate-time"; "series-irregular"; "series-sparse"; "series-missing-value"
 *         under the policy "refuse"; "series-all-missing"
 */
export function readSeries(table: Table, options: SeriesOptions = {}): SeriesSet {
  const roles = chooseRoles(table, options);
  const features = [...roles.targets, ...roles.covariates];
  const columns = features.map((name) => findNumbers(table, name));
  const policy = options.missing ?? "forward";
  const isDate = roles.time?.isDate ?? false;
  const series = [...splitRows(table, roles)].map(([key, rows]) => {
    const name = key ?? roles.targets.join(", ");
    const sorted = sortRows(table, roles, name, rows, options.duplicates ?? "refuse");
    const grid = findGrid(table, roles, name, sorted, options.irregular ?? "refuse");
    const steps = placeOnGrid(roles, sorted, grid, columns);
    refuseMissing({ file: table.file, series: name, isDate }, steps, features, policy);
    return { name, frequency: grid.frequency, ...fillMissing(steps, features.length, policy) };
  });
  const rhythm = commonestFrequency(series);
  const steps = series.reduce((sum, one) => sum + one.times.length, 0);
  const seen = series.reduce((sum, one) => sum + one.observed.reduce((a, b) => a + b, 0), 0);
  const totals = { rows: table.rows, steps, cells: steps * features.length, seen };
  const notes = [...roles.notes, ...describeSteps(series, totals, policy)];
  return {
    file: table.file,
    series,
    features,
    targets: roles.targets.length,
    time: roles.time?.name ?? null,
    isDate,
    group: roles.group?.name ?? null,
    frequency: rhythm,
    season: seasonFor(rhythm),
    notes,
  };
}

/** The rhythm of most series. */
export function commonestFrequency(series: readonly { frequency: Frequency }[]): Frequency {
  const counts = new Map<string, number>();
  for (const { frequency } of series)
    counts.set(frequency.name, (counts.get(frequency.name) ?? 0) + 1);
  const [name] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best));
  return series.find((one) => one.frequency.name === name)?.frequency ?? frequency("row", 1);
}

/** How many steps there are, and what became of missing values, in sentences. */
export function describeSteps(
  series: readonly { frequency: Frequency }[],
  { rows, steps, cells, seen }: Record<"rows" | "steps" | "cells" | "seen", number>,
  policy: MissingPolicy,
): string[] {
  const many = series.length > 1 ? `${series.length} series, ` : "";
  const notes = [`${many}${steps.toLocaleString("en")} steps, ${series[0].frequency.name}.`];
  const how = policy === "forward" ? "carried forward" : "interpolated";
  const word = cells - seen === 1 ? "value is" : "values are";
  if (seen < cells)
    notes.push(`${(cells - seen).toLocaleString("en")} missing ${word} ${how}, and masked.`);
  if (steps < rows)
    notes.push(`${(rows - steps).toLocaleString("en")} rows without a value left out.`);
  return notes;
}
