/**
 * A table is named, typed columns of one length, whatever they came from: the text of a CSV file,
 * or columns that another reader (a database, a spreadsheet, a program) has already filled. The
 * line of every row is kept, so that each later message can point into the file.
 */
import { fail } from "../errors/data.ts";
import { parseNumber } from "./cells.ts";
import { type Column, type DateColumn, dateColumn } from "./columns.ts";
import { type CsvOptions, parseCsv } from "./csv.ts";
import { formatTime } from "./dates.ts";
import { type ColumnOptions, inferColumn } from "./infer.ts";

export interface Table {
  /** Where the table came from, for messages. */
  file: string;
  rows: number;
  columns: Column[];
  /** Line of each row in its file, or its number, from 1. */
  lines: ArrayLike<number>;
}

/** A value another reader may hand over: text is inferred as in a file, the rest keeps its type. */
export type CellValue = string | number | bigint | boolean | Date | null | undefined;

/**
 * Read the text of a CSV file as a table.
 * @throws what `parseCsv` throws; "table-not-a-number", "table-not-a-date", "table-date-order",
 *         "table-no-column" where an option names a column that is not there
 */
export function readTable(text: string, options: CsvOptions & ColumnOptions = {}): Table {
  const { file, names, columns, decimal, lines } = parseCsv(text, options);
  for (const name of Object.keys(options.types ?? {}))
    if (!names.includes(name)) fail("table-no-column", { file, name, names });
  const typed = columns.map((cells, index) =>
    inferColumn({ name: names[index], index, cells, decimal, file, lines }, options),
  );
  return { file, rows: lines.length, columns: typed, lines };
}

/**
 * A table of columns that are already values.
 * @param columns values by column name, all of one length
 * @throws "table-empty" without rows; "table-lengths" where lengths differ; otherwise as
 *         `readTable`
 */
export function tableFromColumns(
  columns: Readonly<Record<string, ArrayLike<CellValue>>>,
  options: ColumnOptions & { file?: string } = {},
): Table {
  const file = options.file ?? "the table";
  const entries = Object.entries(columns);
  const rows = entries[0]?.[1].length ?? 0;
  if (rows === 0) fail("table-empty", { file });
  const lines = Array.from({ length: rows }, (_, row) => row + 1);
  const typed = entries.map(([name, values], index) => {
    if (values.length !== rows)
      fail("table-lengths", {
        file,
        first: entries[0][0],
        want: rows,
        column: name,
        got: values.length,
      });
    const cells = Array.from(values);
    const present = cells.filter((value) => value !== null && value !== undefined);
    if (present.length > 0 && present.every((value) => value instanceof Date))
      return dateColumn(name, Float64Array.from(cells, toTime), "date");
    return inferColumn(
      { name, index, cells: cells.map(toText), decimal: ".", file, lines },
      options,
    );
  });
  return { file, rows, columns: typed, lines };
}

/**
 * The column of a name.
 * @throws "table-no-column"
 */
export function findColumn(table: Table, name: string): Column {
  const found = table.columns.find((column) => column.name === name);
  return (
    found ??
    fail("table-no-column", {
      file: table.file,
      name,
      names: table.columns.map((column) => column.name),
    })
  );
}

/**
 * The numbers of a column.
 * @returns [rows], NaN where a cell is missing
 * @throws "table-no-column"; "table-not-numeric" for a column of dates or text
 */
export function findNumbers(table: Table, name: string): Float64Array {
  const column = findColumn(table, name);
  if (column.type === "number") return column.values;
  const isWord = (cell: string | null) => cell !== null && parseNumber(cell, ".") === null;
  const row = column.type === "text" ? Math.max(0, column.values.findIndex(isWord)) : 0;
  const cell = column.type === "text" ? String(column.values[row]) : formatTime(column.values[row]);
  return fail("table-not-numeric", {
    file: table.file,
    column: name,
    type: column.type,
    line: table.lines[row],
    cell,
  });
}

/** The columns of dates, in order. */
export function dateColumns(table: Table): DateColumn[] {
  return table.columns.filter((column) => column.type === "date");
}

/**
 * One line for people: `airline.csv: 144 rows; Date (dates 1949-01-01 … 1960-12-01), Passengers
 * (…)`.
 */
export function describeTable(table: Table): string {
  const rows = `${table.rows.toLocaleString("en")} ${table.rows === 1 ? "row" : "rows"}`;
  return `${table.file}: ${rows}; ${table.columns.map(describeColumn).join(", ")}`;
}

function describeColumn(column: Column): string {
  const { missing, distinct, min, max } = column.summary;
  const gaps = missing > 0 ? `, ${missing.toLocaleString("en")} missing` : "";
  if (distinct === 0) return `${column.name} (empty)`;
  if (column.type === "text") {
    const values = distinct === 1 ? "value" : "values";
    return `${column.name} (text, ${distinct.toLocaleString("en")} ${values}${gaps})`;
  }
  const show = (value: number | string) =>
    column.type === "date" ? formatTime(Number(value)) : String(value);
  const range = distinct === 1 ? `always ${show(min)}` : `${show(min)} … ${show(max)}`;
  return `${column.name} (${column.type}s ${range}${gaps})`;
}

const toTime = (value: CellValue) => (value instanceof Date ? value.getTime() : Number.NaN);

function toText(value: CellValue): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "boolean") return value ? "1" : "0";
  return String(value ?? "");
}
