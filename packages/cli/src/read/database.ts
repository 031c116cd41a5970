/**
 * DuckDB for one file: queries as rows, as columns, or in chunks. What it has no memory for goes to
 * the disk.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../failure.ts";

export type Cell = string | number | bigint | boolean | Date | null;

/** Some rows of a result, column by column. */
export interface Chunk {
  readonly count: number;
  /** Cell of a row in a column. */
  at(column: number, row: number): unknown;
}

export interface Database {
  rows(sql: string): Promise<Cell[][]>;
  columns(sql: string): Promise<Record<string, Cell[]>>;
  /** Rows in order, some thousand at a time; never all of them. */
  chunks(sql: string): AsyncIterable<Chunk>;
  close(): Promise<void>;
}

/** Memory of DuckDB; a sort that needs more goes to the disk. */
const MEMORY = "256MB";

/** @throws "parquet-needs-duckdb" where it does not run; of queries: "source-unreadable", "disk-full" */
export async function openDatabase(path: string): Promise<Database> {
  const told = <T>(run: Promise<T>) => run.catch((error: unknown) => refuse(path, error));
  const { DuckDBInstance } = await told(import("@duckdb/node-api"));
  const spill = await mkdtemp(join(tmpdir(), "retrograd-duckdb-")).catch(noFolder);
  const settings = { memory_limit: MEMORY, threads: "2", temp_directory: spill };
  const instance = await told(DuckDBInstance.create(":memory:", settings));
  const connection = await told(instance.connect());
  // Times without a zone are of UTC, as the library reads them.
  await told(connection.run("SET TimeZone = 'UTC'"));
  return {
    rows: async (sql) => (await told(connection.runAndReadAll(sql))).getRowsJS() as Cell[][],
    columns: async (sql) =>
      (await told(connection.runAndReadAll(sql))).getColumnsObjectJS() as Record<string, Cell[]>,
    async *chunks(sql) {
      const result = await told(connection.stream(sql));
      for (;;) {
        const chunk = await told(result.fetchChunk());
        if (!chunk || chunk.rowCount === 0) return;
        const vectors = Array.from({ length: chunk.columnCount }, (_, c) =>
          chunk.getColumnVector(c),
        );
        yield { count: chunk.rowCount, at: (column, row) => vectors[column].getItem(row) };
      }
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
      await rm(spill, { recursive: true, force: true });
    },
  };
}

/** The folder of temporary files cannot be used; TMPDIR names another. */
function noFolder({ code, message }: { code?: string; message: string }): never {
  const reason = code === "ENOENT" ? "it does not exist (TMPDIR names another)" : message;
  return fail("file-failed", { path: tmpdir(), action: "written", reason });
}

/** What DuckDB says, as one of our messages. */
export function refuse(path: string, error: unknown): never {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  const reason = message.split("\n")[0].replace(/\.$/, "");
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_DLOPEN_FAILED")
    fail("parquet-needs-duckdb", { path, reason });
  if (/No space left|max_temp_directory_size|temporary directory size/i.test(message))
    fail("disk-full", { path: tmpdir() });
  return fail("source-unreadable", { path, reason });
}
