/** Training: losses, optimizers, schedules, methods, and the loop that ties them. */
export type { Batch, Batches, DataSource, Fed, Part, Values } from "./batch.ts";
export { feed, padRows } from "./batch.ts";
export { type Clip, type ClipOptions, clipping, type ZClipOptions } from "./clip.ts";
export {
  type Evaluation,
  type Evaluator,
  evaluate,
  evaluationStep,
  evaluator,
  firstEvaluation,
} from "./evaluate.ts";
export type * from "./events.ts";
export { fitted } from "./fit.ts";
export * from "./losses/index.ts";
export type { Fitting, Learned, Lesson, Method, RunOptions, Trainable } from "./method.ts";
export * from "./methods/index.ts";
export type { Metric } from "./metrics.ts";
export * as metrics from "./metrics.ts";
export { type Learner, type OnlineOptions, online } from "./online.ts";
export * from "./optimizers/index.ts";
export type { TrainOptions } from "./options.ts";
export type { Best } from "./progress.ts";
export type { Run } from "./run.ts";
export {
  constantRate,
  cosine,
  type PlateauOptions,
  plateau,
  type Schedule,
  stepDown,
  warmUp,
} from "./schedules.ts";
export {
  type Carry,
  firstCarry,
  type StepOptions,
  type StepOutputs,
  trainingStep,
} from "./step.ts";
export { memoryStore, registerFolders, type Store } from "./store.ts";
export { train } from "./trainer.ts";
export { windows } from "./windows.ts";
export {
  type Build,
  type Port,
  RemoteRun,
  serveTraining,
  trainInWorker,
  type WorkerLike,
} from "./worker.ts";
