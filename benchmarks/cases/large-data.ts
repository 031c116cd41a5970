/**
 * Does a file larger than memory train in bounded memory, and how fast is it read? A text, a CSV
 * table and a Parquet table, each in a process of its own whose heap is small.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case, CaseOptions } from "../case.ts";
import { writeTable, writeText } from "../largeData/files.ts";

/** Megabytes of each file, unless told. */
const SIZE = 256;
/** Megabytes of the heap of a process. */
const HEAP = 128;

const child = fileURLToPath(new URL("../largeData/child.ts", import.meta.url));

function run(path: string, kind: string): Record<string, number> {
  const flags = [`--max-old-space-size=${HEAP}`, "--import", "tsx", child, path, kind];
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, { encoding: "utf8" });
  if (status !== 0) throw new Error(`The process for ${kind} failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

async function prepare({ length = SIZE }: CaseOptions) {
  const folder = mkdtempSync(join(tmpdir(), "retrograd-large-"));
  const fields: Record<string, number> = { heapMb: HEAP, idleRss: run("", "idle").rss };
  try {
    for (const kind of ["text", "csv", "parquet"] as const) {
      const path = join(folder, `data.${kind === "text" ? "txt" : kind}`);
      const rows = kind === "text" ? 0 : await writeTable(path, kind, length);
      if (kind === "text") writeText(path, length);
      const { bytes, readyMs, rss, batchesPerSecond } = run(path, kind);
      Object.assign(fields, {
        [`${kind}Bytes`]: bytes,
        [`${kind}Rss`]: rss,
        [`${kind}ReadyMs`]: readyMs,
        ...(rows && { [`${kind}Rows`]: rows, [`${kind}RowsPerSecond`]: (1000 * rows) / readyMs }),
        ...(!rows && { [`${kind}BytesPerSecond`]: (1000 * bytes) / readyMs }),
        [`${kind}BatchesPerSecond`]: batchesPerSecond,
      });
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "large-data",
  question: "Does a file larger than memory train in bounded memory, and how fast is it read?",
  long: true,
  prepare,
};
