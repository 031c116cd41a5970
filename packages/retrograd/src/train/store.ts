/**
 * Stores: where a run keeps its checkpoints. Three verbs are enough; a write is whole or did not
 * happen. Folders come from retrograd/node, which registers itself; pages bring their own store.
 */
import { fail as failOnFile } from "../errors/files.ts";
import { fail } from "../errors/training.ts";

export interface Store {
  /** What messages call it: a path, or "memory". */
  readonly name: string;
  /** After it, `name` holds exactly these bytes; when it fails, what it held before. */
  write(name: string, bytes: Uint8Array): Promise<void> | void;
  /** The bytes, or undefined where there are none. */
  read(name: string): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  list(): Promise<string[]> | string[];
  /** Keep others out; gives the release. @throws "folder-locked" */
  lock?(): Promise<() => Promise<void>>;
}

/** A store that lasts as long as the page or process. */
export function memoryStore(): Store {
  const files = new Map<string, Uint8Array>();
  let locked = false;
  return {
    name: "memory",
    write: (name, bytes) => void files.set(name, bytes.slice()),
    read: (name) => files.get(name)?.slice(),
    list: () => [...files.keys()],
    async lock() {
      if (locked)
        failOnFile("folder-locked", {
          folder: "memory",
          process: 0,
          host: "this page",
          since: "before",
        });
      locked = true;
      return async () => {
        locked = false;
      };
    },
  };
}

let openFolder: ((folder: string) => Store) | undefined;

/** Say how a path becomes a store; retrograd/node does. */
export function registerFolders(open: (folder: string) => Store): void {
  openFolder = open;
}

/** A store, or the one of a folder. @throws "folder-unknown" */
export function storeOf(where: Store | string): Store {
  if (typeof where !== "string") return where;
  return openFolder ? openFolder(where) : fail("folder-unknown", { folder: where });
}
