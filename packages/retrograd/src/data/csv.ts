/**
 * From the text of a CSV file to columns of cells, strictly by RFC 4180: quotes, doubled quotes,
 * line breaks inside quotes, LF or CRLF, an optional byte order mark. What the standard leaves open
 * (separator, decimal sign, header) is read off the file and said in the result; every choice can
 * be given. Cells stay text here: `table.ts` decides what they mean.
 */
import { fail } from "../errors/data.ts";
import { detectDecimal, detectSeparator, hasHeader, type Separator } from "./dialect.ts";

/** What `parseCsv` may be told; what is left out is detected. */
export interface CsvOptions {
  /** Name of the file, for messages. */
  file?: string;
  separator?: Separator;
  /** The decimal sign of numbers; "," is only looked for where the separator is another sign. */
  decimal?: "." | ",";
  /** Whether the first row names the columns. */
  header?: boolean;
}

/**
 * A parsed file: `columns[column][row]` is a cell's text, `lines[row]` the line where a row begins.
 */
export interface Csv {
  file: string;
  separator: Separator;
  decimal: "." | ",";
  header: boolean;
  names: string[];
  columns: string[][];
  /** Line of the file on which each row begins, counted from 1. */
  lines: number[];
}

interface Records {
  rows: string[][];
  lines: number[];
}

/**
 * Parse the text of a CSV file.
 *
 * Lines without any character are skipped, except in a file of one column, where a blank line
 * between others is a missing cell.
 *
 * @param text    the whole file, decoded
 * @throws "csv-empty" nothing but white space; "csv-no-rows" a header and nothing else;
 *         "csv-ragged" a row with more or fewer cells than the first; "csv-unterminated" a quote
 *         that is never closed; "csv-quote" a quote where none may stand; "csv-duplicate-column"
 */
export function parseCsv(text: string, options: CsvOptions = {}): Csv {
  const file = options.file ?? "the text";
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (body.trim() === "") fail("csv-empty", { file });
  const separator = options.separator ?? detectSeparator(body);
  const { rows, lines } = withoutBlankLines(readRecords(body, separator, file));
  if (rows.length === 0) fail("csv-empty", { file });
  const width = rows[0].length;
  rows.forEach((row, r) => {
    if (row.length !== width)
      fail("csv-ragged", { file, line: lines[r], got: row.length, want: width, separator });
  });
  const decimal = options.decimal ?? (separator === "," ? "." : detectDecimal(rows));
  const header = options.header ?? hasHeader(rows, decimal);
  const names = header ? nameColumns(rows[0], file, lines[0]) : nameColumns(Array(width).fill(""));
  const first = header ? 1 : 0;
  if (rows.length === first) fail("csv-no-rows", { file, names });
  const columns = names.map((_, c) => rows.slice(first).map((row) => row[c]));
  return { file, separator, decimal, header, names, columns, lines: lines.slice(first) };
}

/** Write columns of cells as CSV, quoting only what must be quoted. The inverse of `parseCsv`. */
export function formatCsv(
  names: readonly string[],
  columns: readonly ArrayLike<string | number | null>[],
  separator: Separator = ",",
): string {
  const cell = (value: string | number | null) => {
    const text = value === null || Number.isNaN(value) ? "" : String(value);
    return /["\r\n,;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [names.map(cell).join(separator)];
  for (let row = 0; row < (columns[0]?.length ?? 0); row++)
    lines.push(columns.map((column) => cell(column[row])).join(separator));
  return `${lines.join("\n")}\n`;
}

function withoutBlankLines({ rows, lines }: Records): Records {
  const blank = (row: string[]) => row.length === 1 && row[0] === "";
  const narrow = rows.every((row) => row.length === 1);
  let end = rows.length;
  while (end > 0 && blank(rows[end - 1])) end--;
  const start = rows.findIndex((row) => !blank(row));
  const keep = (row: string[], r: number) => r >= start && r < end && (narrow || !blank(row));
  return { rows: rows.filter(keep), lines: lines.filter((_, r) => keep(rows[r], r)) };
}

/** Names as given, trimmed; a column without one is named by its place, counted from 1. */
function nameColumns(cells: readonly string[], file = "", line = 1): string[] {
  const names = cells.map((cell, c) => cell.trim() || `column${c + 1}`);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail("csv-duplicate-column", { file, line, name });
    seen.add(name);
  }
  return names;
}

/** All records: one pass over the characters. */
function readRecords(text: string, separator: string, file: string): Records {
  const rows: string[][] = [];
  const lines: number[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const row: string[] = [];
    lines.push(line);
    for (;;) {
      const cell = text[at] === '"' ? readQuoted(text, at, separator, file, line) : null;
      const end = cell ? cell.end : endOfCell(text, at, separator);
      const value = cell ? cell.value : text.slice(at, end);
      if (!cell && value.includes('"')) fail("csv-quote", { file, line, cell: value });
      row.push(value);
      line += cell ? cell.breaks : 0;
      at = end;
      if (text[at] !== separator) break;
      at++;
    }
    rows.push(row);
    line++;
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
  }
  return { rows, lines };
}

function endOfCell(text: string, from: number, separator: string): number {
  let at = from;
  while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

/** A cell in quotes that opens at `from`: its value, where it ends, and the line breaks within. */
function readQuoted(text: string, from: number, separator: string, file: string, line: number) {
  let at = from + 1;
  let close = text.indexOf('"', at);
  while (close >= 0 && text[close + 1] === '"') {
    at = close + 2;
    close = text.indexOf('"', at);
  }
  if (close < 0) fail("csv-unterminated", { file, line });
  const raw = text.slice(from + 1, close);
  const next = text[close + 1];
  if (next !== undefined && next !== separator && next !== "\n" && next !== "\r")
    fail("csv-quote", { file, line, cell: text.slice(from, close + 8).split("\n")[0] });
  const breaks = raw.match(/\r\n|\r|\n/g)?.length ?? 0;
  return { value: raw.replaceAll('""', '"'), end: close + 1, breaks };
}
