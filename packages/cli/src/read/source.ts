/** A file that a user names: what it is, why we think so, and its content. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { decodeUtf8, readTable, type Table } from "retrograd/data";
import { type FileKind, sniff } from "retrograd/tasks";
import { fail } from "../failure.ts";
import { readBytes } from "./bytes.ts";
import { readCsvByDuckdb, readParquet } from "./duckdb.ts";

export interface Source {
  /** As the user wrote it. */
  readonly path: string;
  readonly absolute: string;
  readonly name: string;
  readonly sha256: string;
  readonly kind: FileKind;
  /** Why: "its name ends in .csv". */
  readonly because: string;
  /** Of a text or a CSV file. */
  readonly text: string | undefined;
  /** The table of a CSV or Parquet file. */
  table(): Promise<Table>;
}

/** Above so many bytes a CSV file is read by DuckDB. */
const LARGE = 1 << 20;

/** The file that a run learned from, or the one that is named instead. @throws "source-moved" */
export async function sourceOf(
  folder: string,
  run: { readonly source: { readonly path: string } },
  instead: string | undefined,
): Promise<Source> {
  const { path } = run.source;
  if (instead === undefined && !existsSync(path)) fail("source-moved", { path, folder });
  return readSource(instead ?? path);
}

/** @throws "source-…", "text-not-utf8", "text-utf16" */
export async function readSource(path: string): Promise<Source> {
  const bytes = await readBytes(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const head = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  const common = { path, absolute: resolve(path), name: basename(path), sha256 };
  if (head === "PAR1" || /\.(parquet|pq)$/i.test(path)) {
    const { kind, because } = sniff(path, head);
    return { ...common, kind, because, text: undefined, table: () => readParquet(path) };
  }
  const zero = bytes.indexOf(0);
  const wide = bytes[0] === 0xff || bytes[0] === 0xfe; // UTF-16, which has a message of its own
  if (zero >= 0 && !wide) fail("source-binary", { path, offset: zero });
  const text = decodeUtf8(bytes, path);
  const { kind, because } = sniff(path, text.slice(0, 1 << 16));
  const table = async () => {
    const large = bytes.length >= LARGE ? await readCsvByDuckdb(path, text) : undefined;
    return large ?? readTable(text, { file: path });
  };
  return { ...common, kind, because, text, table };
}
