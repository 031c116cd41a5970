/**
 * What a column is: numbers, dates or text, decided by all of its cells. A column in which one cell
 * in ten or fewer does not fit is not quietly taken for text: the cell is named, with its line.
 */
import { fail } from "../errors/data.ts";
import { isMissing, MISSING_MARKERS, parseNumber } from "./cells.ts";
import { type Column, type ColumnType, dateColumn, numberColumn, textColumn } from "./columns.ts";
import {
  COMPACT,
  DATE_FORMATS,
  DAY_FIRST,
  type DateFormat,
  type DateReading,
  MONTH_FIRST,
  parseDate,
  parseDates,
  readDates,
  writtenForm,
  YEAR_ONLY,
} from "./dates.ts";

/** What the reading of a table may be told. */
export interface ColumnOptions {
  /** More cells that mean "no value", besides empty, NA, N/A, NaN, null, none, `.` and `?`. */
  missing?: readonly string[];
  /** Types of columns by name, where the guess is wrong. */
  types?: Readonly<Record<string, ColumnType>>;
  /** How to read 01/02/2000 where the data does not tell. */
  dateOrder?: "day-first" | "month-first";
}

/** A column as it stands in a file: cells, and what a message needs to find them. */
export interface RawColumn {
  name: string;
  /** Place in the table, from 0. */
  index: number;
  cells: readonly string[];
  decimal: "." | ",";
  file: string;
  /** Line of each row in the file, from 1. */
  lines: ArrayLike<number>;
}

/**
 * The typed column of some cells.
 * @throws "table-not-a-number" or "table-not-a-date" for a stray cell; "table-date-order" where day
 *         and month cannot be told apart
 */
export function inferColumn(raw: RawColumn, options: ColumnOptions = {}): Column {
  const more = options.missing ?? [];
  const markers = [...MISSING_MARKERS, ...more.map((marker) => marker.trim().toLowerCase())];
  const rows: number[] = [];
  raw.cells.forEach((cell, row) => {
    if (!isMissing(cell, markers)) rows.push(row);
  });
  const cells = rows.map((row) => raw.cells[row]);
  const types = options.types ?? {};
  const type = Object.hasOwn(types, raw.name) ? types[raw.name] : undefined;
  const spread = (values: ArrayLike<number>) => {
    const all = new Float64Array(raw.cells.length).fill(Number.NaN);
    for (let r = 0; r < rows.length; r++) all[rows[r]] = values[r];
    return all;
  };
  if (type !== "text") {
    const numbers = cells.map((cell) => parseNumber(cell, raw.decimal) ?? Number.NaN);
    const bad = numbers.filter(Number.isNaN).length;
    if (bad > 0 && (type === "number" || (!type && almost(bad, numbers.length))))
      refuseCell("table-not-a-number", raw, rows[numbers.findIndex(Number.isNaN)]);
    const dates = bad > 0 || type === "number" ? null : datesFromNumbers(raw, cells, numbers, type);
    if (dates) return dateColumn(raw.name, spread(dates.times), dates.format);
    if (bad === 0 && type !== "date") return numberColumn(raw.name, spread(numbers));
    const reading = chooseReading(raw, parseDates(cells), options);
    if (reading)
      return dateColumn(raw.name, spread(reading.times), writtenForm(reading.format, cells[0]));
    const stray = strayDate(cells, type === "date");
    if (stray >= 0) refuseCell("table-not-a-date", raw, rows[stray]);
  }
  const text: (string | null)[] = raw.cells.map(() => null);
  rows.forEach((row, r) => {
    text[row] = cells[r];
  });
  return textColumn(raw.name, text);
}

/** Few enough misfits to be mistakes in a column of the type, and not another type. */
const almost = (bad: number, count: number) => bad <= Math.max(1, count / 10) && 2 * bad < count;

function refuseCell(
  code: "table-not-a-number" | "table-not-a-date",
  { name, cells, file, lines }: RawColumn,
  row: number,
): never {
  return fail(code, { file, column: name, line: lines[row], cell: cells[row] });
}

const TIMES = /date|time|stamp|epoch|unix|year|^(t|ts|day|month|period|ds|yr|jahr|datum)$/i;
const YEARS = /year|date|^(period|ds|yr|jahr|datum)$/i;

/**
 * Dates in digits only (compact dates, years, seconds or milliseconds since 1970), or null for
 * plain numbers. Digits are only dates where the column's name or place speaks for it, or the type
 * is given.
 */
function datesFromNumbers(
  { name, index }: RawColumn,
  cells: readonly string[],
  numbers: readonly number[],
  type: ColumnType | undefined,
): { times: Float64Array; format: string } | null {
  const given = type === "date";
  const called = given || TIMES.test(name);
  if (numbers.length === 0) return given ? { times: new Float64Array(), format: "none" } : null;
  if (!called && index > 0) return null;
  const within = (low: number, high: number) => numbers.every((x) => x >= low && x <= high);
  const read = (format: DateFormat) => {
    const { times } = readDates(cells, format);
    return times.some(Number.isNaN) ? null : { times, format: format.name };
  };
  const compact = within(1e7, 1e8) ? read(COMPACT) : null;
  if (compact) return compact;
  const rising = numbers.every((x, r) => r === 0 || x > numbers[r - 1]);
  const years = given || YEARS.test(name) || (index === 0 && rising);
  if (years && within(1000, 2999)) return read(YEAR_ONLY);
  if (called && within(1e8, 1e10))
    return { times: Float64Array.from(numbers, (x) => x * 1000), format: "epoch seconds" };
  if (called && within(1e11, 1e13))
    return { times: Float64Array.from(numbers), format: "epoch milliseconds" };
  return null;
}

/**
 * The one reading of a column of dates; where day and month may swap, the data or the option
 * decides.
 */
function chooseReading(
  raw: RawColumn,
  readings: readonly DateReading[],
  options: ColumnOptions,
): DateReading | undefined {
  const [month, day] = readings;
  if (month?.format !== MONTH_FIRST || day?.format !== DAY_FIRST) return readings[0];
  if (options.dateOrder) return options.dateOrder === "day-first" ? day : month;
  const same = month.times.every((time, r) => time === day.times[r]);
  const [monthRises, dayRises] = [isSorted(month.times), isSorted(day.times)];
  if (same || (monthRises && !dayRises)) return month;
  if (dayRises && !monthRises) return day;
  const firsts = [month, day].filter(({ times }) => times.length > 12 && allFirstOfMonth(times));
  if (firsts.length === 1) return firsts[0];
  return fail("table-date-order", { file: raw.file, column: raw.name, cell: raw.cells[0] });
}

const isSorted = (times: Float64Array) =>
  times.every((time, r) => r === 0 || time >= times[r - 1]) ||
  times.every((time, r) => r === 0 || time <= times[r - 1]);
const allFirstOfMonth = (times: Float64Array) =>
  times.every((time) => new Date(time).getUTCDate() === 1);

/** The first misfit of a column that is almost all dates of one form, else -1. */
function strayDate(cells: readonly string[], wanted: boolean): number {
  for (const format of DATE_FORMATS) {
    const good = cells.map((cell) => !Number.isNaN(parseDate(cell, format)));
    const bad = good.filter((fits) => !fits).length;
    if (bad > 0 && almost(bad, cells.length)) return good.indexOf(false);
  }
  return wanted ? 0 : -1;
}
