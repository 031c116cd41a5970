/**
 * Large tables and Parquet files through DuckDB. What a CSV file's separator, header and names
 * are is decided by the library on its first lines; DuckDB only reads, every cell as text, so
 * that the library's own inference and messages apply. Whatever DuckDB stumbles over, the library
 * reads again.
 */
import { parseCsv, type Table, tableFromColumns } from "retrograd/data";
import { type Cell, refuse } from "./database.ts";
import { csvSql, quoted } from "./relation.ts";

/** Characters of a file that decide its dialect. */
const HEAD = 1 << 16;

type Columns = Record<string, Cell[]>;

async function query(sql: string): Promise<Columns> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getColumnsObjectJS() as Columns;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/**
 * A CSV file as a table; undefined where the library should read it.
 * @param text  the whole file, decoded
 */
export async function readCsvByDuckdb(path: string, text: string): Promise<Table | undefined> {
  try {
    const cut = text.length > HEAD ? text.lastIndexOf("\n", HEAD) + 1 : text.length;
    const dialect = parseCsv(text.slice(0, cut), { file: path });
    const { decimal, header, names } = dialect;
    if (decimal === ",") return undefined;
    const columns = await query(`SELECT * FROM ${csvSql(path, dialect)}`);
    const lists = names.map((name, c) => [name, columns[`c${c}`]] as const);
    const rows = lists[0][1].length;
    // Lines and rows agree unless cells hold line breaks or lines are blank; messages need lines.
    const breaks = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (breaks !== rows + (header ? 1 : 0)) return undefined;
    const table = tableFromColumns(Object.fromEntries(lists), { file: path });
    const lines = Array.from({ length: rows }, (_, row) => row + (header ? 2 : 1));
    return { ...table, lines };
  } catch {
    return undefined;
  }
}

/** A Parquet file as a table. @throws "source-unreadable", "parquet-needs-duckdb" */
export async function readParquet(path: string): Promise<Table> {
  const columns = await query(`SELECT * FROM read_parquet(${quoted(path)})`).catch((error) =>
    refuse(path, error),
  );
  return tableFromColumns(columns, { file: path });
}
