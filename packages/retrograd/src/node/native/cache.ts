/**
 * Compiled libraries, kept under the hash of all that they depend on. An entry is a library and,
 * written after it, the hash of its bytes: a file that was cut short or changed is found out
 * before it is loaded, because half a library can end the process. Files appear by renaming, so
 * two processes at once each see all of an entry or none. Entries unused longest make room.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../makeFolder.ts";
import { reasonOf } from "../write.ts";

const hash = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** Where libraries are kept: XDG_CACHE_HOME, or .cache in the user's home. */
export const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "retrograd", "native");

/** Libraries that are kept: some 100 KB each. */
const KEPT = 1000;

/** Folders in which nothing can be kept, and why not. */
const unusable = new Map<string, string>();
/** Why libraries cannot be kept there, as far as it was tried. */
export const whyUnusable = (folder = cacheFolder()): string | undefined => unusable.get(folder);

/**
 * What `load` makes of the library that `build` writes; built only when it is not there yet, and
 * once more when what is there is damaged. Where nothing can be kept (no right to write, a full
 * disk, a system that runs no code from there), a folder of this process alone serves.
 * @param key  all that the library depends on
 */
export function cached<T>(
  key: string,
  build: (path: string) => void,
  load: (path: string) => T,
  folder = cacheFolder(),
  kept = KEPT,
): T {
  const inFolder = (home: string) => keptIn(home, `${hash(key)}.so`, build, load, kept);
  if (unusable.has(folder)) return inFolder(ownFolder());
  try {
    return inFolder(folder);
  } catch (error) {
    const value = inFolder(ownFolder()); // what fails here too was not the folder's fault
    unusable.set(folder, reasonOf(error));
    return value;
  }
}

function keptIn<T>(
  folder: string,
  name: string,
  build: (path: string) => void,
  load: (path: string) => T,
  kept: number,
): T {
  const path = join(folder, name);
  if (isWhole(path))
    try {
      return load(path);
    } catch {
      // Whole, and yet of no use: from another system that shares the folder, for one.
    }
  makeFolder(folder, 0o700);
  rebuild(path, build);
  makeRoom(folder, kept);
  return load(path);
}

let own: string | undefined;
/** A folder that ends with this process. */
function ownFolder(): string {
  if (own) return own;
  const folder = mkdtempSync(join(tmpdir(), "retrograd-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  own = folder;
  return folder;
}

const sumOf = (path: string): string => `${path}.sha256`;

function isWhole(path: string): boolean {
  try {
    const isGood = readFileSync(sumOf(path), "utf8") === hash(readFileSync(path));
    if (isGood) used(path);
    return isGood;
  } catch {
    return false;
  }
}

function rebuild(path: string, build: (path: string) => void): void {
  const fresh = `${path}.${randomUUID()}.unfinished`,
    sum = `${fresh}.sha256`;
  try {
    build(fresh);
    writeFileSync(sum, hash(readFileSync(fresh)));
    renameSync(fresh, path);
    renameSync(sum, sumOf(path));
  } finally {
    rmSync(fresh, { force: true });
    rmSync(sum, { force: true });
  }
}

/** The time of an entry is that of its last use, where the folder lets it be set. */
function used(path: string): void {
  try {
    utimesSync(sumOf(path), new Date(), new Date());
  } catch {
    // It is older than it seems, and is built again when it has made room.
  }
}

/**
 * Remove the entries that were not used for longest, beyond so many. A process that has one loaded
 * keeps it; one that is about to load it builds it again.
 */
function makeRoom(folder: string, kept: number): void {
  const sums = readdirSync(folder).filter((name) => name.endsWith(".so.sha256"));
  if (sums.length <= kept) return;
  const ages = sums.map((name) => {
    const sum = join(folder, name);
    return { sum, at: statSync(sum, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  ages.sort((a, b) => a.at - b.at);
  for (const { sum } of ages.slice(0, sums.length - kept)) {
    rmSync(sum, { force: true });
    rmSync(sum.replace(/\.sha256$/, ""), { force: true });
  }
}
