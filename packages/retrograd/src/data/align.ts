/**
 * Rows to steps: the rows of one series in order of time, each at its place on the grid that their
 * times lie on, with empty steps where rows are missing. Whatever contradicts a grid is refused
 * here.
 */
import { fail } from "../errors/data.ts";
import type { Roles } from "./choose.ts";
import { showTime } from "./dates.ts";
import {
  type Frequency,
  frequency,
  type Grid,
  inferFrequency,
  timeAfter,
  usualRhythm,
} from "./frequency.ts";
import type { MissingPolicy, Steps } from "./missing.ts";
import type { Table } from "./table.ts";

/**
 * Steps put in for missing rows may not exceed this many per row: beyond it the rhythm is wrong.
 */
const MOST_GAPS = 20;

/** Times [rows] and, for each, the rows of the table that share it (several only where allowed). */
export interface Sorted {
  times: Float64Array;
  rows: number[][];
}

/**
 * The rows of each series, by the value of the group column.
 * @throws "series-no-group"
 */
export function splitRows(table: Table, { group }: Roles): Map<string | null, number[]> {
  const series = new Map<string | null, number[]>();
  for (let row = 0; row < table.rows; row++) {
    const key = group ? group.values[row] : null;
    if (group && key === null)
      fail("series-no-group", { file: table.file, column: group.name, line: table.lines[row] });
    const rows = series.get(key);
    if (rows) rows.push(row);
    else series.set(key, [row]);
  }
  return series;
}

/**
 * The rows of a series in order of time.
 * @throws "series-no-time", "series-duplicate-time"
 */
export function sortRows(
  table: Table,
  { time }: Roles,
  name: string,
  rows: readonly number[],
  duplicates: "refuse" | "mean" | "last",
): Sorted {
  if (!time) return { times: Float64Array.from(rows.keys()), rows: rows.map((row) => [row]) };
  for (const row of rows)
    if (Number.isNaN(time.values[row]))
      fail("series-no-time", { file: table.file, column: time.name, line: table.lines[row] });
  const order = [...rows].sort((a, b) => time.values[a] - time.values[b] || a - b);
  const merged: number[][] = [];
  for (const row of order) {
    const last = merged.at(-1);
    if (!last || time.values[last[0]] !== time.values[row]) merged.push([row]);
    else if (duplicates === "mean") last.push(row);
    else if (duplicates === "last") last[0] = row;
    else
      fail("series-duplicate-time", {
        file: table.file,
        series: name,
        time: showTime(time.values[row], time.isDate),
        lines: [table.lines[last[0]], table.lines[row]],
      });
  }
  return { times: Float64Array.from(merged, ([row]) => time.values[row]), rows: merged };
}

/**
 * The rhythm of sorted rows and their places on it.
 * @throws "series-irregular", "series-sparse"
 */
export function findGrid(
  table: Table,
  { time }: Roles,
  name: string,
  { times, rows }: Sorted,
  irregular: "refuse" | "keep",
): Grid {
  const isDate = time?.isDate ?? false;
  const grid = inferFrequency(times, isDate);
  if ("misses" in grid) {
    if (irregular === "keep") return keptGrid(times);
    const at = grid.misses;
    const [before, now] = [times[at - 1], times[at]].map((t) => showTime(t, isDate));
    return fail("series-irregular", {
      file: table.file,
      series: name,
      line: table.lines[rows[at][0]],
      before,
      now,
      rhythm: usualRhythm(times, isDate),
    });
  }
  const place = { file: table.file, series: name };
  refuseSparse(place, grid, times.length, (grid.places.at(-1) ?? 0) + 1);
  return grid;
}

/** The order of the rows as the grid. */
export const keptGrid = (times: Float64Array): Grid => ({
  ...{ frequency: frequency("row", 1), step: 0 },
  places: Float64Array.from(times.keys()),
});

/** @throws "series-sparse" where so many rows are spread over too many steps */
export function refuseSparse(
  place: { file: string; series: string },
  { frequency: rhythm }: Grid,
  rows: number,
  steps: number,
): void {
  if (steps > MOST_GAPS * rows + 1000)
    fail("series-sparse", { ...place, rows, steps, rhythm: rhythm.name });
}

/** The time of a step that has no row: the `t`-th of `gap` steps from one row to the next. */
export const timeBetween = (
  rhythm: Frequency,
  isDate: boolean,
  [before, after]: readonly [number, number],
  t: number,
  gap: number,
): number => (isDate ? timeAfter(rhythm, before, t) : before + ((after - before) * t) / gap);

/** Values on the grid, NaN and unobserved where the table has none. */
export function placeOnGrid(
  roles: Roles,
  sorted: Sorted,
  grid: Grid,
  columns: Float64Array[],
): Steps {
  const features = columns.length;
  const length = (grid.places.at(-1) ?? -1) + 1;
  const times = new Float64Array(length);
  const values = new Float64Array(length * features).fill(Number.NaN);
  const observed = new Uint8Array(length * features);
  sorted.rows.forEach((rows, i) => {
    const place = grid.places[i];
    times[place] = sorted.times[i];
    const gap = (grid.places[i + 1] ?? place) - place;
    for (let t = 1; t < gap; t++) {
      const around = [sorted.times[i], sorted.times[i + 1]] as const;
      times[place + t] = timeBetween(grid.frequency, roles.time?.isDate ?? false, around, t, gap);
    }
    columns.forEach((column, f) => {
      const known = rows.map((row) => column[row]).filter((value) => !Number.isNaN(value));
      if (known.length === 0) return;
      values[place * features + f] = known.reduce((a, b) => a + b) / known.length;
      observed[place * features + f] = 1;
    });
  });
  return { times, values, observed };
}

/**
 * Refuse a feature without any value, and under the policies that need them, missing values.
 * @throws "series-all-missing", "series-missing-value", "series-no-full-step"
 */
export function refuseMissing(
  { file, series, isDate }: { file: string; series: string; isDate: boolean },
  { times, observed }: Steps,
  features: readonly string[],
  policy: MissingPolicy,
): void {
  const full = new Uint8Array(times.length).fill(1);
  features.forEach((column, f) => {
    const holes = Array.from(times.keys()).filter((t) => !observed[t * features.length + f]);
    for (const t of holes) full[t] = 0;
    if (holes.length === times.length) fail("series-all-missing", { file, series, column });
    const time = holes.length > 0 ? showTime(times[holes[0]], isDate) : "";
    if (holes.length > 0 && policy === "refuse")
      fail("series-missing-value", { file, series, column, time, count: holes.length });
  });
  if (policy === "drop" && !full.includes(1))
    fail("series-no-full-step", { file, series, steps: times.length });
}
