/** A folder as a store of checkpoints, with a lock that dies with its process. */

import { readFileSync } from "node:fs";
import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fail } from "../errors.ts";
import { registerFolders, type Store } from "../train/store.ts";
import { refuse, UNFINISHED, writeWhole } from "./write.ts";

/** The store of a folder, which is made when it is first written to. */
export function folderStore(folder: string): Store {
  return {
    name: folder,
    write: (name, bytes) => writeWhole(join(folder, name), bytes),
    async read(name) {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return undefined;
        return refuse(join(folder, name), "read", error);
      }
    },
    async list() {
      const names = await readdir(folder).catch(() => [] as string[]);
      return names.filter((name) => name !== "lock" && !name.endsWith(UNFINISHED));
    },
    lock: () => lockFolder(folder),
  };
}

registerFolders(folderStore);

/** Who holds a folder. */
interface Holder {
  readonly process: number;
  readonly host: string;
  /** When the process began, as the system counts it: numbers of processes are used again. */
  readonly began: string;
  readonly since: string;
}

/**
 * Keep other runs out of a folder; the lock of a process that is gone is taken over.
 * @returns  the release
 * @throws "folder-locked"
 */
async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "lock");
  const own = JSON.stringify({
    process: process.pid,
    host: hostname(),
    began: beginningOf(process.pid),
    since: new Date().toISOString(),
  } satisfies Holder);
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await claim(folder, path, own)) {
      await sweep(folder);
      return () => unlink(path).catch(() => {});
    }
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) continue; // released in between
    const holder = parse(text);
    if (holder && isAlive(holder)) return fail("folder-locked", { folder, ...holder });
    await takeAway(path, text);
  }
  return fail("folder-locked", { folder, process: 0, host: "this machine", since: "just now" });
}

/** What file systems without links say. */
const NO_LINKS = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"];

const create = (path: string, text: string): Promise<boolean> =>
  writeFile(path, text, { flag: "wx" }).then(
    () => true,
    (error) => error.code !== "EEXIST" && refuse(path, "written", error),
  );

/** Create the lock; false when there is one. */
async function claim(folder: string, path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.draft${UNFINISHED}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, text);
    await link(draft, path); // with its text from the first moment, which creating it has not
    return true;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (code === "EEXIST") return false;
    if (NO_LINKS.includes(code)) return create(path, text);
    return refuse(path, "written", error);
  } finally {
    await unlink(draft).catch(() => {});
  }
}

/** Remove the lock that says `text`; one that somebody else has put there since is put back. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}${UNFINISHED}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, "utf8")) === text) await unlink(aside);
  else await rename(aside, path);
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
  try {
    process.kill(number, 0);
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
  }
  const now = beginningOf(number);
  return began === "" || now === "" || now === began;
}

/** When a process began, in the system's own ticks (Linux); empty where it cannot be told. */
function beginningOf(number: number): string {
  try {
    const line = readFileSync(`/proc/${number}/stat`, "utf8");
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

/** Remove what killed processes left unfinished. Nobody else writes here: the lock is ours. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith(UNFINISHED)) await unlink(join(folder, name)).catch(() => {});
}
