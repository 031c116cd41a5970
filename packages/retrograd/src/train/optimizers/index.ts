/** Optimizers, one per file. */
export { type AdamOptions, adam, adamw } from "./adam.ts";
export type { Moment, Optimizer } from "./optimizer.ts";
export { type RmspropOptions, rmsprop } from "./rmsprop.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
