/**
 * Dates and times as people write them, one line of the table per form. A date is kept as
 * milliseconds since 1970 in UTC; a time without a zone is taken as UTC, so that the calendar is
 * read the same on every machine. Two-digit years are not read: they do not say which century.
 */

/** A written form of dates, by name, with the pattern that recognises it. */
export interface DateFormat {
  name: string;
  pattern: RegExp;
}

/** One way to read a column: the form, and a time in milliseconds per cell (NaN where it fails). */
export interface DateReading {
  format: DateFormat;
  times: Float64Array;
}

const CLOCK =
  String.raw`(?:[T ]+(?<hour>\d{1,2}):(?<minute>\d{2})` +
  String.raw`(?::(?<second>\d{2})(?:[.,](?<fraction>\d+))?)?` +
  String.raw`\s*(?<half>[ap]m)?\s*(?<zone>Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?`;
const YEAR = String.raw`(?<year>\d{4})`;
const MONTH = String.raw`(?<month>\d{1,2})`;
const DAY = String.raw`(?<day>\d{1,2})`;
const NAME = String.raw`(?<name>[A-Za-z]{3,9})\.?`;

const form = (name: string, pattern: string): DateFormat => ({
  name,
  pattern: new RegExp(`^${pattern}$`, "i"),
});

export const YEAR_FIRST = form("YYYY-MM-DD", `${YEAR}[-/.]${MONTH}[-/.]${DAY}${CLOCK}`);
export const MONTH_FIRST = form("MM/DD/YYYY", `${MONTH}[-/]${DAY}[-/]${YEAR}${CLOCK}`);
export const DAY_FIRST = form("DD/MM/YYYY", `${DAY}[-/.]${MONTH}[-/.]${YEAR}${CLOCK}`);
export const COMPACT = form("YYYYMMDD", String.raw`${YEAR}(?<month>\d\d)(?<day>\d\d)`);
export const YEAR_ONLY = form("YYYY", YEAR);

/** Every form, in the order in which they are tried. */
export const DATE_FORMATS: readonly DateFormat[] = [
  YEAR_FIRST,
  MONTH_FIRST,
  DAY_FIRST,
  form("YYYY-MM", `${YEAR}[-/M]${MONTH}`),
  form("YYYY-QN", `${YEAR}[- ]?Q(?<quarter>[1-4])`),
  form("Month D YYYY", `${NAME}[ -]+(?:${DAY}(?:st|nd|rd|th)?,?[ -]+)?${YEAR}${CLOCK}`),
  form("D Month YYYY", String.raw`${DAY}(?:st|nd|rd|th)?\.?[ -]+${NAME},?[ -]+${YEAR}${CLOCK}`),
  COMPACT,
  YEAR_ONLY,
];

const MONTHS = [
  ["january", "february", "march", "april", "may", "june"],
  ["july", "august", "september", "october", "november", "december"],
].flat();

/**
 * The forms under which every cell is a date of the calendar; two, where day and month may swap.
 */
export function parseDates(cells: readonly string[]): DateReading[] {
  if (cells.length === 0) return [];
  return DATE_FORMATS.filter((format) => !Number.isNaN(parseDate(cells[0], format)))
    .map((format) => readDates(cells, format))
    .filter(({ times }) => !times.some(Number.isNaN));
}

/** Read cells in one form. */
export function readDates(cells: readonly string[], format: DateFormat): DateReading {
  return { format, times: Float64Array.from(cells, (cell) => parseDate(cell, format)) };
}

/** The name of a form with the separators of a cell: DD.MM.YYYY. */
export function writtenForm({ name }: DateFormat, cell: string): string {
  const [, separator] = /^\d+([-/.])\d+\1\d/.exec(cell.trim()) ?? [];
  return separator ? name.replaceAll(/[-/]/g, separator) : name;
}

/** @returns milliseconds since 1970 (UTC), or NaN where the cell is no date of this form */
export function parseDate(cell: string, format: DateFormat): number {
  const found = format.pattern.exec(cell.trim())?.groups;
  if (!found) return Number.NaN;
  const number = (text: string | undefined, otherwise: number) =>
    text === undefined ? otherwise : Number(text);
  const month = found.name
    ? monthByName(found.name)
    : number(found.month, 3 * number(found.quarter, 1) - 2);
  const day = number(found.day, 1);
  const midnight = dayTime(Number(found.year), month, day);
  let hour = number(found.hour, 0);
  const [minute, second] = [number(found.minute, 0), number(found.second, 0)];
  if (found.half) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (found.half.toLowerCase() === "pm" ? 12 : 0);
  }
  const late = hour === 24 && minute + second > 0;
  if (hour > 24 || late || minute > 59 || second > 59) return Number.NaN;
  const fraction = found.fraction ? Number(`0.${found.fraction}`) : 0;
  const clock = ((hour * 60 + minute) * 60 + second + fraction) * 1000;
  return midnight + clock - zoneOffset(found.zone);
}

/** Midnight (UTC) of a day in milliseconds since 1970; NaN where the calendar has no such day. */
export function dayTime(year: number, month: number, day: number): number {
  const date = new Date(0);
  const time = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : Number.NaN;
}

/** A time as people read it: the date, and the clock where it is not midnight. */
export function formatTime(time: number): string {
  if (!(Math.abs(time) <= 8.64e15)) return String(time);
  const text = new Date(time).toISOString();
  if (text.endsWith("T00:00:00.000Z")) return text.slice(0, -14);
  return text.replace("T", " ").replace(/(:00)?\.000Z$|Z$/, "");
}

/** A time that may also be a mere number. */
export const showTime = (time: number, isDate: boolean): string =>
  isDate ? formatTime(time) : String(time);

function monthByName(name: string): number {
  const wanted = name.toLowerCase() === "sept" ? "sep" : name.toLowerCase();
  return MONTHS.findIndex((month) => month.startsWith(wanted)) + 1 || Number.NaN;
}

function zoneOffset(zone: string | undefined): number {
  const parts = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "");
  if (!parts) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return (parts[1] === "-" ? -1 : 1) * minutes * 60_000;
}
