/**
 * A file that is read in places. Node maps no file into memory without an addon, so bytes are read
 * where they lie: the system's cache of pages does what a map would do. A file that changes while
 * it is read is refused, for what was learned from it would be of two files.
 */
import { fstatSync, openSync, readSync } from "node:fs";
import { fail } from "../errors/tasks.ts";
import { descriptor } from "./descriptor.ts";
import { refuse } from "./write.ts";

export interface OpenFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * `length` bytes from an offset.
   * @throws "source-changed" where the file is not what it was, "file-failed" where the disk fails
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** @throws "file-failed" */
export function openFile(path: string): OpenFile {
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      return refuse(path, "read", error);
    }
  };
  const file = descriptor(attempt(() => openSync(path, "r")));
  const look = () => {
    const { size, mtimeMs } = attempt(() => fstatSync(file.number()));
    return { size, mtimeMs };
  };
  const first = look();
  return {
    path,
    size: first.size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const place = offset + filled;
        const count = attempt(() => readSync(file.number(), bytes, filled, length - filled, place));
        if (count === 0) break; // the file has become shorter
        filled += count;
      }
      const now = look();
      const same = now.size === first.size && now.mtimeMs === first.mtimeMs;
      if (!same || filled < length) fail("source-changed", { path });
      return bytes;
    },
    close: file.close,
  };
}
