/**
 * What every task shares: the size of its network and how it learns, as plain data that a config
 * file holds. Defaults are what works on a small machine in minutes.
 */
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { rnn } from "../cells/rnn.ts";
import type { TargetName } from "../jit/jit.ts";
import { dropout } from "../layers/dropout.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../layers/model.ts";
import type { Sequential } from "../layers/sequential.ts";
import { unroll } from "../layers/unroll.ts";
import type { DataSource } from "../train/batch.ts";
import type { Loss } from "../train/losses/loss.ts";
import type { Method } from "../train/method.ts";
import type { Metric } from "../train/metrics.ts";
import { adam } from "../train/optimizers/adam.ts";
import type { TrainOptions } from "../train/options.ts";
import { cosine } from "../train/schedules.ts";
import type { Store } from "../train/store.ts";

export const CELLS = ["lstm", "gru", "rnn"] as const;
export type CellName = (typeof CELLS)[number];

/** The recurrent part of a network. */
export interface Network {
  readonly cell: CellName;
  /** Units of each layer. */
  readonly size: number;
  readonly layers: number;
  /** Rate of dropout between layers. */
  readonly dropout: number;
}

export const METHODS = [
  ...(["usual", "bptt", "truncated", "adaptive", "checkpointed", "auto"] as const),
] as const;
export type MethodName = (typeof METHODS)[number];

/** How a network learns. */
export interface Learning {
  readonly epochs: number;
  /** First learning rate of Adam; it falls along half a cosine to a twentieth. */
  readonly rate: number;
  /** Rows of a batch. */
  readonly batch: number;
  /** Longest global norm of a gradient. */
  readonly clip: number;
  /** Validations without a better one before the run ends. */
  readonly patience: number;
  readonly seed: number;
  /** How credit travels back through time; "usual" is what suits the task. */
  readonly method: MethodName;
}

export const networkDefaults: Network = { cell: "lstm", size: 32, layers: 1, dropout: 0 };
export const learningDefaults: Learning = {
  ...{ epochs: 30, rate: 3e-3, batch: 32, clip: 1, patience: 8, seed: 0, method: "usual" },
};

/** The settings of `defaults`, replaced by those given. */
export function chosen<T extends object>(defaults: T, given: Partial<T>): T {
  const names = Object.keys(defaults) as (keyof T)[];
  const own = names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]);
  return { ...defaults, ...Object.fromEntries(own) };
}

const cells = { lstm, gru, rnn } as const;

/** The recurrent layers of a network. */
export function recurrent({ cell, size, layers, dropout: rate }: Network): Layer[] {
  const one = (k: number): Layer[] => [
    unroll(cells[cell]({ size })) as Layer,
    ...(rate > 0 && k < layers - 1 ? [dropout(rate)] : []),
  ];
  return Array.from({ length: layers }, (_, k) => one(k)).flat();
}

/** A model whose layers can be walked. */
export type RecurrentModel = Model<any> & Sequential<any>;

/** What a task hands to training. */
export interface Lessons {
  readonly model: RecurrentModel;
  readonly data: DataSource;
  readonly validation: DataSource | undefined;
  /** Batches of an epoch. */
  readonly batches: number;
  readonly loss: Loss;
  readonly method: Method;
  readonly metrics: readonly Metric[];
}

/** Where a run keeps its checkpoints, and what it runs on. */
export interface RunPlace {
  readonly store?: Store;
  /** Steps between checkpoints. */
  readonly every?: number;
  readonly target?: TargetName;
  /** Threads that share the rows of each batch. */
  readonly shards?: number;
}

/** The options of `train` for a task. */
export function trainOptions(lessons: Lessons, learning: Learning, place: RunPlace): TrainOptions {
  const { model, data, validation, loss, method, metrics, batches } = lessons;
  const { store, every = 100, target = "auto", shards = 1 } = place;
  const steps = Math.max(1, learning.epochs * batches);
  return {
    ...{ model, data, loss, method, metrics, target, shards },
    ...(validation && { validation }),
    optimizer: adam(learning.rate),
    schedule: cosine(steps, { floor: 0.05 }),
    clip: { norm: learning.clip },
    epochs: learning.epochs,
    earlyStopping: { patience: learning.patience },
    seed: learning.seed,
    ...(store && { checkpoint: { store, every: Math.max(1, Math.min(every, batches)) } }),
  };
}
