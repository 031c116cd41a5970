/**
 * Writing files so that nothing is ever half there: the bytes go to a name of their own, and to the
 * disk itself, and only then take the place of what was there before.
 */
import { open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { fail } from "../errors/files.ts";
import { makeFolder } from "./makeFolder.ts";

/** Ends of the names under which files are written before they are whole. */
export const UNFINISHED = ".unfinished";

/**
 * Put `bytes` at `path`; when it fails, what was there before is still there.
 * @throws "disk-full", "file-failed"
 */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const own = `${path}.${process.pid}${UNFINISHED}`;
  try {
    makeFolder(dirname(path));
    await writeThrough(own, bytes);
    await rename(own, path);
    await settle(dirname(path));
  } catch (error) {
    await unlink(own).catch(() => {});
    refuse(path, "written", error);
  }
}

/** Write, and wait until the disk has it. */
async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A folder is a file too: its new name must reach the disk. Some systems cannot sync a folder. */
async function settle(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "it is not yours to use",
  EPERM: "it is not yours to use",
  EROFS: "the disk is read-only",
  EISDIR: "it is a folder",
  EEXIST: "a part of the path is not a folder",
  ENOTDIR: "a part of the path is not a folder",
  EIO: "the disk failed",
};

/** What went wrong, in a few words. */
export function reasonOf(error: unknown): string {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (FULL.includes(code)) return "the disk is full";
  return reasons[code] ?? message.split("\n")[0].replace(/\.$/, "");
}

/** An error of the file system as one of ours. @throws "disk-full", "file-failed" */
export function refuse(path: string, action: "read" | "written", error: unknown): never {
  if (FULL.includes((error as { code?: string }).code ?? "")) fail("disk-full", { path });
  return fail("file-failed", { path, action, reason: reasonOf(error) });
}
