/**
 * What a run needs only now and then: checkpoints, validation, an autopsy, threads, a method that
 * is fitted to the data or chooses by it. It is one piece, loaded when any of it is first asked
 * for: a page that keeps nothing, validates nothing and runs in one shard does without, and a
 * bundler can leave everything that it shares with the rest where the rest is.
 */
export { prepareThreads } from "../targets/wasm/threads.ts";
export { chosen } from "./adapting.ts";
export { autopsy } from "./autopsy.ts";
export { mustBeFree, mustExist, readBest, remarks, writeBest, writeLast } from "./checkpoint.ts";
export { evaluator } from "./evaluate.ts";
export { fitted } from "./fit.ts";
