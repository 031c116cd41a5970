/**
 * A method decides how credit travels back through time: it turns one batch into a loss, a gradient
 * and the state to go on from. Each method is a file of its own in methods/.
 */

import type { TargetName } from "../jit/jit.ts";
import type { Footprint } from "../nest/program.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { map } from "../ops/map.ts";
import { index, less, select, slot } from "../scalar/index.ts";
import type { Tensor, Type } from "../tensor/tensor.ts";
import type { Fed } from "./batch.ts";
import { type Loss, type Mean, numberOf } from "./losses/loss.ts";

/** What training needs of a model; every model of retrograd/layers offers it. */
export interface Trainable {
  /** First parameters, from a key. */
  init(key: Tensor, options?: FirstInput): any;
  /** Output [batch, time, …] or [batch, …], and the state after the last step. */
  run(params: any, inputs: Tensor, options: RunOptions): { output: Tensor; state: any };
  /** The state before the first step: a tree of tensors [batch, …]. */
  state(params: any, batch: number): any;
  /** One sample at one moment, not in training; `sample` is the type of its input. */
  moment?(params: any, state: any, x: Tensor): { output: Tensor; state: any };
  sample?(params: any): Type;
  /** The part of the parameters that learns, in their places in the tree; all, where absent. */
  learning?(params: any): any;
  /** Why it must see whole sequences, where it must: it reads them from both ends. */
  readonly wholeOnly?: string | undefined;
  /** Whether it draws random numbers in training. */
  readonly draws?: boolean;
  /**
   * True where it is told the targets while it learns and its output goes over their time, as an
   * encoder–decoder's does: `lengths` are then those of the inputs alone.
   */
  readonly forced?: boolean;
  /** Moments that sequences must outlast that begin and end in one batch; see `Layer`. */
  readonly skip?: number | undefined;
  readonly name?: string;
  /** Refuses inputs whose numbers it cannot take, where they are valid, bool [batch, time]. */
  check?(inputs: Tensor, valid?: Tensor): void;
}
/** What one sample is at one moment. */
export interface FirstInput {
  readonly input?: readonly number[];
  readonly dtype?: "float32" | "float64";
}
export interface RunOptions {
  state?: any;
  /** Valid steps of each row, int32 [batch]. */
  lengths?: Tensor;
  /** Randomness of this step (dropout). */
  key?: Tensor;
  train?: boolean;
  /** What the output should be, for a model that is told. */
  targets?: Tensor;
  /** Updates made so far, int32, for a model that is told less and less; absent in evaluation. */
  step?: Tensor;
}

/** One batch to learn from. */
export interface Lesson {
  readonly model: Trainable;
  readonly loss: Loss;
  readonly batch: Fed;
  /** Randomness of this step. */
  readonly key: Tensor | undefined;
  /** Updates made so far, an int32 scalar; absent in evaluation. */
  readonly step?: Tensor;
}

/** What a method finds out. */
export interface Learned {
  readonly mean: Mean;
  /** A tree like the parameters: the gradient of sum / count. */
  readonly grads: any;
  /** State for the next batch; {} where none is carried. */
  readonly state: any;
}

export interface Method {
  readonly name: string;
  /** Every number that decides what it does, for checkpoints and reports. */
  readonly settings: Readonly<Record<string, number | boolean>>;
  /** Longer sequences are cut into windows of so many steps. */
  readonly window?: number;
  /** The windows of a batch, an update each; `turn` is the epoch. */
  cut?(batch: Fed, turn?: number): Iterable<Fed>;
  /** The time steps at which they begin. */
  begins?(time: number, turn?: number): readonly number[];
  /** True when the state goes on from one batch to the next, also while evaluating. */
  readonly carries: boolean;
  /** What is carried before the first batch, a tree; {} where nothing is. */
  init(model: Trainable, params: any, rows: number): any;
  /** The method for batches like that one, where what it does depends on their size. */
  fit?(given: Fitting): Method;
  /** How it chooses for an epoch what it does in it, where it does. */
  readonly adapts?: Adapting;
  /** Finds the fault where a loss that is not finite is its own; @throws what it found */
  blame?(lesson: Lesson, params: any): void;
  /** What was chosen so, and why, for people. */
  readonly plan?: string;
  /** Bytes that the training step may need. */
  readonly budget?: number;
  /** @param state  what `init` or the batch before gave */
  learn(lesson: Lesson, params: any, state: any): Learned;
}

/** What a method that chooses by size is told before the first step. */
export interface Fitting {
  readonly model: Trainable;
  readonly params: any;
  readonly batch: Fed;
  /** What a whole training step with a method takes on a batch (this one unless told), unrun. */
  footprint(method: Method, batch?: Fed): Footprint;
  /** Operations a second of a short training step, which is run for it. */
  speed(): number;
}

/** A method that chooses anew for every epoch. */
export interface Adapting {
  /** What the model needs as it is now: a whole number, which checkpoints keep. */
  choose(given: Judging): number;
  /** The method of a choice. */
  with(choice: number): Method;
}

/** What a method that adapts is told where an epoch begins. */
export interface Judging extends Pick<Lesson, "model" | "loss"> {
  readonly params: any;
  /** The first batch of the epoch. */
  readonly batch: Fed;
  readonly target?: TargetName;
}

/** The model and its loss on a batch; from the model's own first state without a `state`. */
export function forward(lesson: Lesson, params: any, state: any, train = true) {
  const { model, loss, batch, key, step } = lesson;
  const told = model.forced ? { targets: batch.targets, step } : {};
  const given = { state, lengths: batch.lengths, key, train, ...told };
  const run = model.run(params, batch.inputs, given);
  const mask = model.forced ? batch.mask : validMask(batch, run.output);
  return { ...run, mask, mean: loss.parts(run.output, batch.targets, mask) };
}

/** True where a model says something at every step of its inputs [batch, time, …]. */
export const isOverTime = (inputs: Tensor, output: Tensor): boolean =>
  output.rank > 2 && output.shape[1] === inputs.shape[1];

/** The batch's mask, and nothing beyond the length of a row where the output is over time. */
export function validMask({ inputs, lengths, mask }: Fed, output: Tensor): Tensor | undefined {
  if (!lengths || !isOverTime(inputs, output)) return mask;
  const sizes = { b: output.shape[1] };
  const inside = less(index("b"), slot(0));
  if (!mask) return map("a->ab", inside, [lengths], { sizes, name: "lengths" });
  const own = lettersOfRank(mask.rank);
  const body = select(inside, numberOf(slot(1), mask.dtype, output.dtype), 0);
  const out = mask.rank > 1 ? own : "ab";
  return map(`a,${own}->${out}`, body, [lengths, mask], { sizes, name: "lengths" });
}
