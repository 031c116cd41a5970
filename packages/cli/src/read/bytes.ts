/** The bytes of a file, or one clear message. */
import { readFile, stat } from "node:fs/promises";
import { fail } from "../failure.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  ENOTDIR: "a part of the path is not a folder",
  EIO: "the disk failed",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GB",
};

export function unreadable(path: string, error: unknown): never {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (code === "ENOENT") fail("source-missing", { path });
  if (code === "EISDIR") fail("source-folder", { path });
  return fail("source-unreadable", { path, reason: reasons[code] ?? message });
}

/** @throws "source-missing", "source-folder", "source-unreadable" */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).isDirectory()) fail("source-folder", { path });
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as { data?: unknown }).data) throw error;
    return unreadable(path, error);
  }
}
