/**
 * Several shards of a Wasm program: how their arenas lie in one memory, why they cannot run here,
 * and who loads such a program. Threads and what they run come from threads.ts, and are known from
 * the moment somebody prepares them: a page that trains in one shard does not carry them.
 */
import { fail } from "../../errors.ts";
import type { Schedule } from "../../nest/nest.ts";
import type { Missing } from "../../nest/program.ts";
import type { Loaded } from "../arena.ts";

/** Where the first arena begins, behind a page of words that the threads speak through. */
export const FIRST = 4096;

export interface Team {
  readonly shards: number;
  /** Bytes from one arena to the next. */
  readonly stride: number;
}

/** Globals that a shard's instance is given: where its arena begins, and its number. */
export const ORIGIN = 0,
  SHARD = 1;

type Load = (schedule: Schedule, bytes: number, shards: number) => Loaded;
let load: Load | undefined;
/** How programs of several shards are loaded from now on. */
export function registerTeams(own: Load): void {
  load = own;
}
/** A program of several shards, with its threads. @throws "shards-missing" */
export const together: Load = (schedule, bytes, shards) =>
  (load ?? notBegun(shards))(schedule, bytes, shards);

export const notBegun = (shards: number): never =>
  fail("shards-missing", {
    ...{ target: "wasm", shards, reason: "its threads have not begun" },
    cure: "Call await prepareThreads(shards) first: threads cannot begin while a program waits.",
  });

const HEADERS =
  "Serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.";
/** Why a program cannot run in several threads here. */
export function threadsMissing(): Missing | undefined {
  if (typeof SharedArrayBuffer === "undefined")
    return {
      reason: "threads cannot share memory, because the page is not isolated",
      cure: HEADERS,
    };
  if (!load && typeof Worker === "undefined")
    return {
      reason: `threads come with "retrograd/node", which is not imported`,
      cure: "Import retrograd/node first.",
    };
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return undefined;
  } catch {
    return {
      reason: "a page's own thread must never wait",
      cure: "Train in a worker (trainInWorker), which may.",
    };
  }
}
