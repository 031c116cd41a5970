/**
 * What a run needs only now and then: checkpoints, validation, an autopsy. It is one piece, loaded
 * when any of it is first asked for: a page that keeps nothing and validates nothing does without,
 * and a bundler can leave everything that it shares with the rest where the rest is.
 */
export { autopsy } from "./autopsy.ts";
export { mustBeFree, mustExist, readBest, remarks, writeBest, writeLast } from "./checkpoint.ts";
export { evaluator } from "./evaluate.ts";
