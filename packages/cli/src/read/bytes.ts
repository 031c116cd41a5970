/** The bytes of a file, or one clear message. */
import { open, readFile, stat } from "node:fs/promises";
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
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error) => unreadable(path, error));
  if (found.isDirectory()) fail("source-folder", { path });
  return found.size;
}

/** @throws "source-missing", "source-folder", "source-unreadable" */
export async function readBytes(path: string): Promise<Uint8Array> {
  await sizeOf(path);
  return new Uint8Array(await readFile(path).catch((error) => unreadable(path, error)));
}

/** The first bytes of a file, at most so many. @throws "source-unreadable" */
export async function readHead(path: string, length: number): Promise<Uint8Array> {
  const file = await open(path).catch((error) => unreadable(path, error));
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    return unreadable(path, error);
  } finally {
    await file.close();
  }
}
