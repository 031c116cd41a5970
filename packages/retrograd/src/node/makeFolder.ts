/**
 * Folders with those above them. Node's own recursive mkdir never returns where a system answers
 * "no such entry" to making one, as /proc does and automounters may.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Make a folder where there is none. @throws what the system says */
export function makeFolder(path: string, mode?: number): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (!isFolder(path)) throw error; // somebody else may have been first
  }
}
