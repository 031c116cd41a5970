/** A lock on a folder that dies with its process. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rmdir,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fail } from "../errors/files.ts";
import { makeFolder } from "./makeFolder.ts";
import { refuse, UNFINISHED } from "./write.ts";

/** Who holds a folder. */
interface Holder {
  readonly process: number;
  readonly host: string;
  /** When the process began, as the system counts it: numbers of processes are used again. */
  readonly began: string;
  readonly since: string;
}

/** Name of the lock inside its folder. */
export const LOCK = "lock";
const ATTEMPTS = 20;
const PAUSE_MS = 10;

/**
 * Keep other runs out of a folder; the lock of a process that is gone is taken over.
 * @returns  the release
 * @throws "folder-locked"
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK);
  const own = JSON.stringify({
    process: process.pid,
    host: hostname(),
    began: beginningOf(process.pid),
    since: new Date().toISOString(),
  } satisfies Holder);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await claim(folder, path, own)) return granted(folder, path);
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) continue; // released in between
    const holder = parse(text);
    if (holder && isAlive(holder)) return fail("folder-locked", { folder, ...holder });
    if (await takeOver(path, text, own)) return granted(folder, path);
    await wait(PAUSE_MS);
  }
  return fail("folder-locked", { folder, process: 0, host: "this machine", since: "just now" });
}

async function granted(folder: string, path: string): Promise<() => Promise<void>> {
  await sweep(folder);
  return () => unlink(path).catch(() => {});
}

/** What file systems without links say. */
const NO_LINKS = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"];
/** There is a lock; or the holder of one has swept our draft away. */
const TAKEN = ["EEXIST", "ENOENT"];

/** Create the lock; false when there is one. */
async function claim(folder: string, path: string, text: string): Promise<boolean> {
  const draft = draftOf(path);
  try {
    makeFolder(folder);
  } catch (error) {
    return refuse(path, "written", error); // a file of that name also says EEXIST, but is no lock
  }
  try {
    await writeFile(draft, text);
    await link(draft, path); // with its text from the first moment, which creating it has not
    return true;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (TAKEN.includes(code)) return false;
    if (NO_LINKS.includes(code)) return create(path, text);
    return refuse(path, "written", error);
  } finally {
    await unlink(draft).catch(() => {});
  }
}
const draftOf = (path: string): string => `${path}.${randomUUID()}${UNFINISHED}`;

const create = (path: string, text: string): Promise<boolean> =>
  writeFile(path, text, { flag: "wx" }).then(
    () => true,
    (error) => error.code !== "EEXIST" && refuse(path, "written", error),
  );

/** After so long whoever was taking a lock over has died over it. */
const TAKING_MS = 10_000;

/**
 * Put our text in the place of a dead holder's, in one step. One at a time may try: somebody who
 * read the dead text a moment ago must not replace the lock of whoever has been faster.
 */
async function takeOver(path: string, dead: string, own: string): Promise<boolean> {
  const guard = `${path}.taking${UNFINISHED}`;
  const alone = await mkdir(guard).then(
    () => true,
    () => false,
  );
  if (!alone) {
    const { mtimeMs = Date.now() } = await stat(guard).catch(() => ({ mtimeMs: undefined }));
    if (Date.now() - mtimeMs > TAKING_MS) await rmdir(guard).catch(() => {});
    return false;
  }
  const draft = draftOf(path);
  try {
    if ((await readFile(path, "utf8").catch(() => undefined)) !== dead) return false;
    await writeFile(draft, own);
    await rename(draft, path);
    return true;
  } catch (error) {
    await unlink(draft).catch(() => {});
    if (TAKEN.includes((error as { code?: string }).code ?? "")) return false;
    return refuse(path, "written", error);
  } finally {
    await rmdir(guard).catch(() => {});
  }
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.process) ? holder : undefined;
  } catch {
    return undefined; // its writer died while writing it
  }
}

/** False only when the process is known to be gone. */
function isAlive({ process: number, host, began }: Holder): boolean {
  if (host !== hostname()) return true;
  if (!isRunning(number)) return false;
  const now = beginningOf(number);
  return began === "" || now === "" || now === began;
}

/** False only when no process of this machine has the number any more. */
export function isRunning(number: number): boolean {
  try {
    process.kill(number, 0);
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
  }
  return beginningOf(number) !== ENDED;
}

/** Nobody has asked yet how it ended. */
const ENDED = "ended";

/** When a process began, in the system's own ticks (Linux); empty where it cannot be told. */
function beginningOf(number: number): string {
  try {
    const line = readFileSync(`/proc/${number}/stat`, "utf8");
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? ENDED : (fields[19] ?? "");
  } catch {
    return "";
  }
}

/** Remove what killed processes left unfinished: the folder is ours. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith(UNFINISHED)) await unlink(join(folder, name)).catch(() => {});
}
