/** Methods of sending credit through time, one per file. */
export { type AdaptiveTruncationOptions, adaptiveTruncation } from "./adaptiveTruncation.ts";
export { type AutoOptions, auto } from "./auto.ts";
export { bptt } from "./bptt.ts";
export { type CheckpointedOptions, checkpointed } from "./checkpointed.ts";
export { type ForwardOptions, forward } from "./forward.ts";
export { type ImplicitOptions, implicit } from "./implicit.ts";
export { eprop, rflo, snap1 } from "./local.ts";
export { type ParallelOptions, parallel } from "./parallel.ts";
export { type RandomTruncationOptions, randomTruncation } from "./randomTruncation.ts";
export { type TeacherForcedOptions, teacherForced } from "./teacherForced.ts";
export { type TruncatedOptions, truncated } from "./truncated.ts";
