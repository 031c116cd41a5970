/**
 * A file that a user names: what it is, why we think so, and its content. A file above a bound is
 * never held as a whole: its hash is taken and its text read in pieces.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import {
  type Codes,
  charactersOf,
  decodeUtf8,
  readTable,
  type SeriesOptions,
  type Table,
} from "retrograd/data";
import { openText } from "retrograd/node";
import { type FileKind, type Sniffed, sniff } from "retrograd/tasks";
import { fail } from "../failure.ts";
import type { Given } from "../settings.ts";
import { readBytes, readHead, sizeOf, unreadable } from "./bytes.ts";
import { readCsvByDuckdb, readParquet } from "./duckdb.ts";
import { type LargeSeries, openSeries } from "./series.ts";

export interface Source extends Sniffed {
  /** As the user wrote it. */
  readonly path: string;
  readonly absolute: string;
  readonly name: string;
  readonly sha256: string;
  readonly kind: FileKind;
  /** Why: "its name ends in .csv". */
  readonly because: string;
  /** Bytes. */
  readonly size: number;
  /** Whether it is read in pieces, and never as a whole. */
  readonly streams: boolean;
  /** The characters of a text or a CSV file; undefined for others. */
  readonly characters: (() => Promise<Codes>) | undefined;
  /** The table of a CSV or Parquet file, in memory. */
  table(): Promise<Table>;
  /** The series of such a file, where it is read in pieces. */
  readonly series: ((options: SeriesOptions) => Promise<LargeSeries>) | undefined;
  /** Let go of what was opened. */
  close(): void;
}

/** Above so many bytes a CSV file is read by DuckDB. */
const LARGE = 1 << 20;
/** Above so many bytes a file is read in pieces unless told; Parquet is packed. */
const STREAMED = 1 << 26;
const STREAMED_PACKED = 1 << 24;
/** Bytes that show what a file is. */
const HEAD = 1 << 16;

/** The file that a run learned from, or the one that is named instead. @throws "source-moved" */
export async function sourceOf(
  folder: string,
  run: { readonly source: { readonly path: string }; readonly settings: Given },
  instead: string | undefined,
): Promise<Source> {
  const { path } = run.source;
  if (instead === undefined && !existsSync(path)) fail("source-moved", { path, folder });
  return readSource(instead ?? path, run.settings);
}

/**
 * @param options `stream`: whether to read it in pieces; by its size without
 * @throws "source-…", "text-not-utf8", "text-utf16"
 */
export async function readSource(path: string, options: Given = {}): Promise<Source> {
  const size = await sizeOf(path);
  const head = await readHead(path, HEAD);
  const place = { path, absolute: resolve(path), name: basename(path), size };
  const mark = Buffer.from(head.subarray(0, 4)).toString("latin1");
  const larger = (bound: number): boolean => options.stream ?? size >= bound;
  if (mark === "PAR1" || /\.(parquet|pq)$/i.test(path)) {
    const streams = larger(STREAMED_PACKED);
    const table = () => readParquet(path);
    const opened = await openedSeries(path, "parquet");
    const common = { ...place, ...sniff(path, mark), streams, sha256: await hashOf(path) };
    const series = streams ? opened.series : undefined;
    return { ...common, characters: undefined, table, series, close: opened.close };
  }
  return larger(STREAMED) ? inPieces(place, head) : inMemory(place);
}

/** Series of a file that stays as it is now, and a way to let go of all that were opened. */
async function openedSeries(path: string, kind: "table" | "parquet") {
  const opened: LargeSeries[] = [];
  const state = async () => {
    const { size, mtimeMs } = await stat(path).catch((error) => unreadable(path, error));
    return `${size} bytes of ${mtimeMs}`;
  };
  const before = await state();
  return {
    async series(options: SeriesOptions) {
      const large = await openSeries(path, kind, options);
      opened.push(large);
      if ((await state()) !== before) fail("source-changed", { path });
      return large;
    },
    close() {
      for (const { close } of opened.splice(0)) close();
    },
  };
}

type Place = Pick<Source, "path" | "absolute" | "name" | "size">;

async function inMemory(place: Place): Promise<Source> {
  const { path } = place;
  const bytes = await readBytes(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const zero = bytes.indexOf(0);
  const wide = bytes[0] === 0xff || bytes[0] === 0xfe; // UTF-16, which has a message of its own
  if (zero >= 0 && !wide) fail("source-binary", { path, offset: zero });
  const text = decodeUtf8(bytes, path);
  const table = async () => {
    const large = bytes.length >= LARGE ? await readCsvByDuckdb(path, text) : undefined;
    return large ?? readTable(text, { file: path });
  };
  const characters = async () => charactersOf(text);
  const common = { ...place, ...sniff(path, text.slice(0, HEAD)), streams: false, sha256 };
  return { ...common, characters, table, series: undefined, close: () => {} };
}

async function inPieces(place: Place, head: Uint8Array): Promise<Source> {
  const { path } = place;
  const found = sniff(path, new TextDecoder().decode(head, { stream: true }));
  const { series, close } = await openedSeries(path, "table");
  const open = await openText(path);
  return {
    ...{ ...place, ...found, streams: true, sha256: open.sha256 },
    characters: async () => open,
    table: async () => (await inMemory(place)).table(),
    series,
    close() {
      open.close();
      close();
    },
  };
}

/** SHA-256 of a file, in hexadecimal, whatever its size. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
      hash.update(chunk);
  } catch (error) {
    unreadable(path, error);
  }
  return hash.digest("hex");
}
