/**
 * Which columns of a table play which part in forecasting: what is time, what is to be forecast,
 * what helps, what tells one series from another. Every choice made for the user is noted in a
 * sentence, so that a program can say what it decided and which option changes it.
 */
import { fail } from "../errors/data.ts";
import { type DateColumn, dateColumn } from "./columns.ts";
import { dayTime } from "./dates.ts";
import { dateColumns, findColumn, findNumbers, type Table } from "./table.ts";

/** The parts that columns play; what is left out is chosen. */
export interface RoleOptions {
  /**
   * Column of times; or a column of years and one of quarters or months; null: the order of rows.
   */
  time?: string | readonly [string, string] | null;
  /** Column or columns to forecast. */
  target?: string | readonly string[];
  /** Columns that are known up to the present and help the forecast. */
  covariates?: readonly string[];
  /** Column whose values name the series; null: there is one. */
  group?: string | null;
}

export interface Roles {
  /** Column of times, or null: the order of rows. */
  time: { name: string; values: Float64Array; isDate: boolean } | null;
  targets: string[];
  covariates: string[];
  /** Column and series of each row, or null: one series. */
  group: { name: string; values: (string | null)[] } | null;
  /** Sentences on what was chosen. */
  notes: string[];
}

/**
 * Choose the parts of a table's columns, or check the given ones.
 * @throws "table-no-column", "table-not-numeric", "series-time-column", "series-no-target"
 */
export function chooseRoles(table: Table, options: RoleOptions = {}): Roles {
  const notes: string[] = [];
  const time = chooseTime(table, options, notes);
  const group = chooseGroup(table, options, time, notes);
  const taken = new Set([...(time?.parts ?? []), group?.name]);
  const covariates = [...(options.covariates ?? [])];
  const targets = chooseTargets(table, options, taken, notes);
  for (const name of [...targets, ...covariates]) findNumbers(table, name);
  for (const name of covariates)
    if (targets.includes(name)) fail("series-role-twice", { column: name });
  return { time, targets, covariates, group, notes };
}

type Time = NonNullable<Roles["time"]> & { parts: readonly string[] };

function chooseTime(table: Table, options: RoleOptions, notes: string[]): Time | null {
  if (options.time === null) return null;
  if (options.time !== undefined && typeof options.time !== "string")
    return joinYears(table, options.time);
  if (options.time === undefined) {
    const dates = dateColumns(table).filter(({ summary }) => summary.missing === 0);
    const date = dates[0] ?? dateColumns(table)[0];
    if (!date) {
      notes.push("No column holds dates: the order of the rows is time.");
      return null;
    }
    const part = partOfYear(table, date);
    if (part) {
      notes.push(`Time is "${date.name}" with "${part}".`);
      return joinYears(table, [date.name, part]);
    }
    notes.push(`Time is "${date.name}" (${date.format}).`);
    return { name: date.name, parts: [date.name], values: date.values, isDate: true };
  }
  const column = findColumn(table, options.time);
  if (column.type === "text")
    fail("series-time-column", { file: table.file, column: column.name, cell: column.summary.min });
  const isDate = column.type === "date";
  return { name: column.name, parts: [column.name], values: column.values, isDate };
}

/** A column of quarters or months beside a column of years that repeat. */
function partOfYear(table: Table, { format, values, summary }: DateColumn): string | null {
  if (format !== "YYYY" || summary.distinct === values.length) return null;
  const part = table.columns.find(
    ({ name, type }) =>
      type === "number" && /^(quarter|qtr|q|month|mon|monat|mois|mes)$/i.test(name),
  );
  return part?.name ?? null;
}

function joinYears(table: Table, [year, part]: readonly [string, string]): Time {
  const column = findColumn(table, year);
  const years =
    column.type === "date"
      ? column.values.map((time) => new Date(time).getUTCFullYear())
      : findNumbers(table, year);
  const parts = findNumbers(table, part);
  const most = parts.reduce((max, value) => Math.max(max, value), 0);
  const months = most <= 4 && !/^mo/i.test(part) ? 3 : 1;
  const values = years.map((y, row) => dayTime(y, (parts[row] - 1) * months + 1, 1));
  const name = `${year} ${part}`;
  return { ...dateColumn(name, values, "YYYY"), parts: [year, part], isDate: true };
}

function chooseGroup(
  table: Table,
  options: RoleOptions,
  time: Time | null,
  notes: string[],
): Roles["group"] {
  if (options.group === null) return null;
  if (options.group !== undefined)
    return { name: options.group, values: names(table, options.group) };
  if (!time || new Set(time.values).size === table.rows) return null;
  for (const column of table.columns) {
    const few = column.summary.distinct > 1 && column.summary.distinct <= table.rows / 2;
    const key = column.type === "text" || /(^|_)(id|group|series|key)$/i.test(column.name);
    if (!few || !key || time.parts.includes(column.name)) continue;
    const values = names(table, column.name);
    if (new Set(values.map((name, row) => `${time.values[row]} ${name}`)).size < table.rows)
      continue;
    notes.push(`Times repeat: each "${column.name}" is a series of its own.`);
    return { name: column.name, values };
  }
  return null;
}

function names(table: Table, name: string): (string | null)[] {
  const column = findColumn(table, name);
  if (column.type === "text") return column.values;
  return Array.from(column.values, (value) => (Number.isNaN(value) ? null : String(value)));
}

const USUAL_TARGETS = /^(y|target|value|values)$/i;

function chooseTargets(
  table: Table,
  options: RoleOptions,
  taken: ReadonlySet<string | undefined>,
  notes: string[],
): string[] {
  if (options.target !== undefined) return [options.target].flat();
  const free = table.columns.filter(
    ({ name, type, summary }) =>
      type === "number" &&
      summary.distinct > 0 &&
      !taken.has(name) &&
      !options.covariates?.includes(name),
  );
  // A column that never changes is nothing to forecast.
  const changing = free.filter(({ summary }) => summary.distinct > 1);
  const found = changing.find(({ name }) => USUAL_TARGETS.test(name)) ?? changing[0] ?? free[0];
  if (!found)
    fail("series-no-target", { file: table.file, names: table.columns.map(({ name }) => name) });
  const others =
    free.length === 1
      ? ""
      : found === free[0]
        ? ", the first column of numbers"
        : ", the first column of numbers that change";
  notes.push(`The forecast is of "${found.name}"${USUAL_TARGETS.test(found.name) ? "" : others}.`);
  return [found.name];
}
