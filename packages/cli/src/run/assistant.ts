/**
 * What ranks but the first one do under mpiexec: the same commands on the same files, so that they
 * train along, but without a word and without writing anything.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { folderStore, joinRanks } from "retrograd/node";
import { memoryStore, type Store } from "retrograd/train";
import type { Terminal } from "../show/terminal.ts";
import type { RunFolder } from "./folder.ts";

/** Join the ranks that were launched together; true in all but the first. @throws "mpi-missing" */
export const assists = (): boolean => (joinRanks()?.rank ?? 0) > 0;

/** A terminal that nobody reads. */
export const silent = (terminal: Terminal): Terminal => ({
  ...{ out: () => {}, err: () => {}, live: false, columns: terminal.columns },
  paint: (_, text) => text,
});

/** A folder of which only the checkpoints of a run that goes on are read. */
export function assistantFolder(path?: string): RunFolder {
  const nothing = async () => {};
  const own: Store = path === undefined ? memoryStore() : folderStore(join(path, "checkpoints"));
  const { name, read, list } = own;
  return {
    path: path ?? "",
    checkpoints: { name, read, list, write: nothing },
    ...{ write: nothing, append: nothing, read: async () => undefined, close: nothing },
  };
}

/** Milliseconds in which the first rank may say what has happened to all. */
const DEFERENCE = 2000;
/** An error of one rank is its own to tell; one of all is told by the first, which ends all. */
export async function deferring<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await pause(DEFERENCE);
    throw error;
  }
}
