/**
 * A run folder: config.json, metrics.jsonl, log.txt, checkpoints/, and at the end
 * weights.safetensors, results.json and report.html. One process at a time works in it. What has
 * one final value is written whole or not at all; metrics and the log only grow.
 */
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { folderStore } from "retrograd/node";
import type { Store } from "retrograd/train";
import { fail } from "../failure.ts";

export interface RunFolder {
  readonly path: string;
  /** Checkpoints; the lock is the folder's. */
  readonly checkpoints: Store;
  write(name: string, content: string | Uint8Array): Promise<void>;
  append(name: string, text: string): Promise<void>;
  /** Undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** @throws "run-exists" */
export function refuseExisting(path: string): void {
  if (existsSync(join(path, "config.json"))) fail("run-exists", { folder: path });
}

/** A folder for a new run. @throws "folder-locked", "run-exists", "file-failed" */
export async function createRun(path: string): Promise<RunFolder> {
  const folder = await lockRun(path);
  if (!existsSync(join(path, "config.json"))) return folder;
  await folder.close();
  return fail("run-exists", { folder: path });
}

/** The folder of a run that was begun. @throws "model-missing", "folder-locked" */
export async function openRun(path: string): Promise<RunFolder> {
  if (!existsSync(join(path, "config.json")))
    fail("model-missing", { folder: path, file: "config.json" });
  return lockRun(path);
}

async function lockRun(path: string): Promise<RunFolder> {
  const files = folderStore(path);
  const release = await files.lock!();
  const { lock: _, ...checkpoints } = folderStore(join(path, "checkpoints"));
  return {
    path,
    checkpoints,
    write: async (name, content) =>
      files.write(name, typeof content === "string" ? new TextEncoder().encode(content) : content),
    async append(name, text) {
      try {
        await appendFile(join(path, name), text);
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        if (code === "ENOSPC" || code === "EDQUOT") fail("disk-full", { path: join(path, name) });
        fail("file-failed", { path: join(path, name), action: "written", reason: message });
      }
    },
    async read(name) {
      const bytes = await files.read(name);
      return bytes;
    },
    close: release,
  };
}

/** runs/NAME, or runs/NAME-2, … where that is taken. */
export function freeFolder(name: string): string {
  const stem = name.replace(/\.[^.]+$/, "").replaceAll(/[^\p{L}\p{N}_-]+/gu, "-") || "run";
  for (let number = 1; ; number++) {
    const path = join("runs", number === 1 ? stem : `${stem}-${number}`);
    if (!existsSync(path)) return path;
  }
}

/** Lines of a JSON Lines file; a last line that was cut short is left out. */
export async function readLines(folder: string, name: string): Promise<any[]> {
  const text = await readFile(join(folder, name), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      return line ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });
}
