/**
 * A file as DuckDB sees it: where its rows come from, and a column's cells as numbers, times or
 * names in SQL, so that they mean there what the library takes them for.
 */
import {
  type Column,
  type Csv,
  parseCsv,
  readTable,
  type Table,
  tableFromColumns,
} from "retrograd/data";
import { fail } from "../failure.ts";
import { readHead } from "./bytes.ts";
import type { Database } from "./database.ts";

export interface Relation {
  readonly path: string;
  /** What stands after FROM; it has a column `row` of the rows' numbers from 0. */
  readonly from: string;
  /** Line of a file, or number, of row 0. */
  readonly firstLine: number;
  readonly decimal: "." | ",";
  /** The first rows, from which is judged what the columns are. */
  readonly sample: Table;
  /** Place and type of a column. @throws when there is none: what `findColumn` throws comes first */
  column(name: string): { readonly sql: string; readonly type: string };
}

/** Rows of the sample. */
const ROWS = 10_000;
/** Bytes of a CSV file that are the sample. */
const HEAD = 1 << 20;

export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const named = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** @throws "source-unreadable" where it is no Parquet file, and what reading its head throws */
export async function parquetRelation(database: Database, path: string): Promise<Relation> {
  const source = `read_parquet(${quoted(path)}, file_row_number = true)`;
  const described = await database.rows(`DESCRIBE SELECT * FROM read_parquet(${quoted(path)})`);
  const types = new Map(described.map(([name, type]) => [String(name), String(type)]));
  const names = [...types.keys()].map(named).join(", ");
  const cells = await database.columns(`SELECT ${names} FROM ${source} LIMIT ${ROWS}`);
  return {
    ...{ path, firstLine: 1, decimal: "." },
    from: `(SELECT *, file_row_number AS "row" FROM ${source})`,
    sample: tableFromColumns(cells, { file: path }),
    column: (name) => ({ sql: named(name), type: types.get(name) ?? "VARCHAR" }),
  };
}

/** The rows that end within a text: a line that ends within quotes ends no row. */
function wholeRows(text: string): string {
  let [end, within] = [0, false];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') within = !within;
    else if (text[i] === "\n" && !within) end = i + 1;
  }
  return text.slice(0, end);
}

/** The rows of a CSV file of a known dialect: columns c0, c1, … of cells as they stand there. */
export function csvSql(
  path: string,
  { separator, header, names }: Pick<Csv, "separator" | "header" | "names">,
): string {
  const types = names.map((_, c) => `${quoted(`c${c}`)}: 'VARCHAR'`).join(", ");
  return (
    `read_csv(${quoted(path)}, delim = ${quoted(separator)}, quote = '"', escape = '"', ` +
    `header = ${header}, auto_detect = false, columns = {${types}})`
  );
}

/** @throws what reading the head of a CSV file throws */
export async function csvRelation(path: string): Promise<Relation> {
  const bytes = await readHead(path, HEAD);
  const decoded = new TextDecoder().decode(bytes, { stream: true });
  const text = bytes.length < HEAD ? decoded : wholeRows(decoded);
  const dialect = parseCsv(text, { file: path });
  const { decimal, header, names } = dialect;
  return {
    ...{ path, decimal, firstLine: header ? 2 : 1 },
    from: `(SELECT *, row_number() OVER () - 1 AS "row" FROM ${csvSql(path, dialect)})`,
    sample: readTable(text, { file: path }),
    column: (name) => ({ sql: `c${names.indexOf(name)}`, type: "VARCHAR" }),
  };
}

/** Cells that stand for "no value", as the library takes them. */
const MARKERS = ["", "na", "n/a", "nan", "null", "none", ".", "?"].map(quoted).join(", ");

/** A cell without the blanks around it; NULL where it stands for "no value". */
const present = (sql: string) =>
  `CASE WHEN lower(trim(${sql})) IN (${MARKERS}) THEN NULL ELSE trim(${sql}) END`;

const isText = (type: string) => type === "VARCHAR";

/** Cells as DOUBLE, NULL where missing; and a condition that holds where one is no number. */
export function numberSql({ column, decimal, path }: Relation, name: string) {
  const { sql, type } = column(name);
  if (isText(type)) {
    const cell = decimal === "," ? `replace(${sql}, ',', '.')` : sql;
    const value = `TRY_CAST(${present(cell)} AS DOUBLE)`;
    const form = String.raw`[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`;
    const dot = decimal === "," ? ` OR contains(${sql}, '.')` : "";
    const odd = `NOT regexp_full_match(${present(cell)}, ${quoted(form)})${dot} OR isinf(${value})`;
    return { value, wrong: `coalesce(${odd}, false)` };
  }
  if (!/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*|BOOLEAN)$/.test(type))
    fail("source-unreadable", { path, reason: `column "${name}" is ${type}, not numbers` });
  // Minus zero becomes zero, as in a table in memory.
  const value = type === "BOOLEAN" ? `CAST(${sql} AS DOUBLE)` : `(CAST(${sql} AS DOUBLE) + 0.0)`;
  return {
    value: `CASE WHEN isnan(${value}) THEN NULL ELSE ${value} END`,
    wrong: `coalesce(isinf(${value}), false)`,
  };
}

/** Names of series: text as it is, numbers as numbers. NULL where missing. */
export function nameSql(relation: Relation, { name, type }: Column): string {
  if (type === "number") return numberSql(relation, name).value;
  const { sql } = relation.column(name);
  return type === "date"
    ? timeSql(relation, { name, type })
    : `CASE WHEN ${present(sql)} IS NULL THEN NULL ELSE ${sql} END`;
}

/** Clocks that may follow a date. */
const CLOCKS = ["", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S"];

/** Times as DOUBLE, in milliseconds since 1970 where they are dates; NULL where there is none. */
export function timeSql(relation: Relation, column: Pick<Column, "name" | "type">): string {
  const { sql, type } = relation.column(column.name);
  if (column.type !== "date") return numberSql(relation, column.name).value;
  const format = "format" in column ? String(column.format) : "";
  if (/^(DATE|TIMESTAMP)/.test(type)) {
    const time = type === "TIMESTAMP WITH TIME ZONE" ? sql : `CAST(${sql} AS TIMESTAMP)`;
    return `CAST(epoch_ms(${time}) AS DOUBLE)`;
  }
  const number = numberSql(relation, column.name).value;
  if (format === "epoch seconds") return `(${number} * 1000)`;
  if (format === "epoch milliseconds") return number;
  const cell = isText(type) ? present(sql) : `CAST(${sql} AS VARCHAR)`;
  if (format === "YYYY-MM-DD" && isText(type))
    return `CAST(epoch_ms(TRY_CAST(${cell} AS TIMESTAMPTZ)) AS DOUBLE)`;
  const pattern = format.replace("YYYY", "%Y").replace("MM", "%m").replace("DD", "%d");
  const patterns = CLOCKS.map((clock) => quoted(pattern + clock)).join(", ");
  return `CAST(epoch_ms(try_strptime(${cell}, [${patterns}])) AS DOUBLE)`;
}
