/** What train takes, checked before anything runs. */
import { compilerMessages } from "../errors/compiler.ts";
import { fail, trainingMessages } from "../errors/training.ts";
import { checkOptions, type Notice, notice } from "../errors.ts";
import type { TargetName } from "../jit/jit.ts";
import { checkCountOfShards } from "../jit/shards.ts";
import { nativeMissing, targetNamed } from "../jit/target.ts";
import { key, split } from "../ops/random.ts";
import { overRanks, ranks } from "../targets/ranks.ts";
import { type Batches, type DataSource, sourceOf } from "./batch.ts";
import { type Clip, type ClipOptions, clipping } from "./clip.ts";
import { checkKinds } from "./kinds.ts";
import type { Loss } from "./losses/loss.ts";
import type { Method, Trainable } from "./method.ts";
import { bptt } from "./methods/bptt.ts";
import type { Metric } from "./metrics.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { constantRate, type Schedule } from "./schedules.ts";
import { checkSettings } from "./settings.ts";
import type { StepOptions } from "./step.ts";
import { type Store, storeOf } from "./store.ts";

export interface TrainOptions {
  model: Trainable;
  /** Batches, or a function from the number of an epoch to its batches. */
  data: DataSource | Batches;
  loss: Loss;
  optimizer: Optimizer;
  /** How credit travels back through time; bptt() unless told. */
  method?: Method;
  schedule?: Schedule;
  clip?: ClipOptions | Clip;
  /** First parameters; drawn from the seed unless given. */
  params?: any;
  /** Data that is not learned from, looked at after every epoch or every `validateEvery` steps. */
  validation?: DataSource | Batches;
  validateEvery?: number;
  metrics?: readonly Metric[];
  /** The run ends after so many passes over the data, or so many updates, whichever is first. */
  epochs?: number;
  steps?: number;
  /** The run ends when `patience` validations in a row (epochs without them) brought nothing better. */
  earlyStopping?: { patience: number };
  /** Where checkpoints go, and after how many steps; after every epoch unless told. */
  checkpoint?: { folder?: string; store?: Store; every?: number };
  /** Decides the first parameters and all randomness while training. */
  seed?: number;
  target?: TargetName;
  /** Refuse a program whose peak memory is above this, in bytes. */
  memoryLimit?: number;
  /** Threads that share the rows of each batch; 1 unless told. */
  shards?: number;
}

const known: readonly (keyof TrainOptions)[] = [
  ...(["model", "data", "loss", "optimizer", "method", "schedule", "clip", "params"] as const),
  ...(["validation", "validateEvery", "metrics", "epochs", "steps", "earlyStopping"] as const),
  ...(["checkpoint", "seed", "target", "memoryLimit", "shards"] as const),
];
const needed = ["model", "data", "loss", "optimizer"] as const;

/** Options with every choice made. */
export interface Plan extends TrainOptions {
  readonly data: DataSource;
  readonly validation?: DataSource;
  readonly method: Method;
  readonly schedule: Schedule;
  readonly metrics: readonly Metric[];
  readonly seed: number;
  /** As many as can run here. */
  readonly shards: number;
  /** What is to be said before the first step. */
  readonly notices: readonly Notice[];
  readonly store: Store | undefined;
  /** What the compiled step is made of. */
  readonly step: StepOptions;
  /** Everything that decides the course of a run, by name. */
  readonly settings: Readonly<Record<string, string>>;
}

/** @throws "unknown-option", "bad-argument", "folder-unknown" */
export function planOf(options: TrainOptions): Plan {
  checkOptions("train", options, known);
  for (const name of needed)
    if (!options[name])
      fail("bad-argument", { where: "train", given: `no ${name}`, expected: `the option ${name}` });
  checkCounts(options);
  const { method = bptt(), schedule = constantRate(), metrics = [], seed = 0 } = options;
  const { model, loss, optimizer, checkpoint, data, validation } = options;
  checkKinds("train", { model, loss, optimizer, method, schedule });
  for (const metric of metrics) checkKinds("train", { metrics: metric });
  const clip = clipping(options.clip);
  const { target, notices: ofTarget } = targetHere(options);
  const { shards, notices } = shardsHere({ ...options, target });
  const where = checkpoint?.store ?? checkpoint?.folder;
  return {
    ...options,
    data: sourceOf("train, data", data),
    validation: validation && sourceOf("train, validation", validation),
    method,
    schedule,
    metrics,
    seed,
    target,
    shards,
    notices: [...ofTarget, ...notices],
    store: where === undefined ? undefined : storeOf(where),
    step: { model, loss, optimizer, method, clip, shards, key: split(key(seed))[1] },
    settings: {
      loss: loss.name,
      optimizer: `${optimizer.name} ${JSON.stringify(optimizer.settings)}`,
      method: `${method.name} ${JSON.stringify(method.settings)}`,
      clip: clip.name,
      schedule: schedule.name,
      seed: String(seed),
      shards: String(shards),
    },
  };
}

/**
 * Where native cannot run another target does, and why. Ranks decide it together: parameters that
 * two targets updated would drift apart.
 */
function targetHere({ target = "auto" }: TrainOptions): Pick<Plan, "target" | "notices"> {
  const all = ranks();
  const wanted = target === "native" || (target === "auto" && all !== undefined);
  const missing = wanted ? nativeMissing() : undefined;
  const lacking = wanted ? overRanks(missing ? 1 : 0) : 0;
  if (lacking === 0) return { target, notices: [] };
  const other = targetNamed("auto").name as TargetName;
  const reason = `${lacking} of ${all?.count} ranks cannot run it`;
  const why = missing ?? { reason, cure: "See what retrograd doctor says on each machine." };
  const told = notice(compilerMessages, "target-instead", { target: other, ...why });
  return { target: other, notices: target === "native" || why.tell ? [told] : [] };
}

/**
 * One shard for each rank where there are ranks; else several where the target has them here, and
 * otherwise one, and why.
 */
function shardsHere({ shards = 1, target = "auto" }: TrainOptions) {
  const processes = ranks()?.count;
  if (processes && shards > 1 && shards !== processes)
    return {
      shards: processes,
      notices: [notice(trainingMessages, "shards-ranks", { shards, processes })],
    };
  if (processes) return { shards: processes, notices: [] };
  const missing = shards > 1 ? targetNamed(target).alone?.(false) : undefined;
  if (!missing) return { shards, notices: [] };
  return { shards: 1, notices: [notice(trainingMessages, "shards-alone", { shards, ...missing })] };
}

function checkCounts(options: TrainOptions): void {
  checkOptions("train: earlyStopping", options.earlyStopping ?? {}, ["patience"]);
  checkOptions("train: checkpoint", options.checkpoint ?? {}, ["folder", "store", "every"]);
  const counts = {
    epochs: options.epochs,
    steps: options.steps,
    validateEvery: options.validateEvery,
    "earlyStopping.patience": options.earlyStopping?.patience,
    "checkpoint.every": options.checkpoint?.every,
  };
  checkSettings("train", counts, "a whole number above 0");
  checkCountOfShards("shards of train", options.shards ?? 1);
  const { epochs, steps, earlyStopping } = options;
  if (!epochs && !steps && !earlyStopping?.patience)
    fail("bad-argument", {
      where: "train",
      given: earlyStopping ? "earlyStopping without patience" : "no end",
      expected: "one of epochs, steps and earlyStopping",
    });
}
