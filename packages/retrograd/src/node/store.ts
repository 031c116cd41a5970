/** A folder as a store of checkpoints. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { registerFolders, type Store } from "../train/store.ts";
import { LOCK, lockFolder } from "./lock.ts";
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
      return names.filter((name) => name !== LOCK && !name.endsWith(UNFINISHED));
    },
    lock: () => lockFolder(folder),
  };
}

registerFolders(folderStore);
