/**
 * Typed columns: numbers, dates or text, one typed array each, and the figures a person asks for
 * first. Nothing here guesses; `infer.ts` decides which type a column of cells has.
 */

export type ColumnType = "number" | "date" | "text";

/**
 * Figures of a column; `min` and `max` leave out missing cells (NaN, or "" for text, if all are).
 */
export interface Summary<V> {
  missing: number;
  distinct: number;
  min: V;
  max: V;
}

/** Numbers [rows]; NaN is a missing cell. */
export interface NumberColumn {
  name: string;
  type: "number";
  values: Float64Array;
  summary: Summary<number>;
}

/** Times [rows] in milliseconds since 1970 (UTC); NaN is a missing cell. */
export interface DateColumn {
  name: string;
  type: "date";
  values: Float64Array;
  /** How the dates were written, e.g. "YYYY-MM" or "epoch seconds". */
  format: string;
  summary: Summary<number>;
}

/** Text [rows]; null is a missing cell. */
export interface TextColumn {
  name: string;
  type: "text";
  values: (string | null)[];
  summary: Summary<string>;
}

export type Column = NumberColumn | DateColumn | TextColumn;

/** A column of numbers, with its summary. */
export function numberColumn(name: string, values: Float64Array): NumberColumn {
  return { name, type: "number", values, summary: summariseNumbers(values) };
}

/** A column of times in milliseconds since 1970, with its summary. */
export function dateColumn(name: string, values: Float64Array, format: string): DateColumn {
  return { name, type: "date", values, format, summary: summariseNumbers(values) };
}

/** A column of text, with its summary. */
export function textColumn(name: string, values: (string | null)[]): TextColumn {
  const distinct = new Set(values.filter((value) => value !== null));
  let [min, max] = ["", ""];
  for (const value of distinct) {
    if (min === "" || value < min) min = value;
    if (value > max) max = value;
  }
  const missing = values.reduce((count, value) => count + (value === null ? 1 : 0), 0);
  return { name, type: "text", values, summary: { missing, distinct: distinct.size, min, max } };
}

function summariseNumbers(values: Float64Array): Summary<number> {
  const distinct = new Set<number>();
  let [missing, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    else distinct.add(value);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (distinct.size === 0) min = max = Number.NaN;
  return { missing, distinct: distinct.size, min, max };
}
