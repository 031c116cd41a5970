/**
 * One training step as one pure function: forward loop, backward loop, clipping, optimizer. It is
 * traced once and compiled once; everything that changes lives in its carry, inside the program.
 */
import type { Shards } from "../jit/shards.ts";
import { allReduce } from "../ops/allReduce.ts";
import { fold } from "../ops/random.ts";
import { abs, add, and, div, greater, less, mul, select, slot, sqrt } from "../scalar/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { flatten } from "../tensor/tree.ts";
import { traceTree } from "../transform/function.ts";
import type { Fed } from "./batch.ts";
import { type Clip, type ClipOptions, clipping } from "./clip.ts";
import { sparingFrozen, split } from "./frozen.ts";
import { type Loss, meanOf } from "./losses/loss.ts";
import type { Learned, Method, Trainable } from "./method.ts";
import { bptt } from "./methods/bptt.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { as, choose, each, sumOfSquares, zip } from "./pointwise.ts";

/** What a model is scored with. */
export interface Scored {
  readonly model: Trainable;
  readonly loss: Loss;
  readonly method?: Method;
}

export interface StepOptions extends Scored {
  readonly optimizer: Optimizer;
  readonly clip?: ClipOptions | Clip;
  /** Randomness of the run; each step draws from its own number and this key. */
  readonly key?: Tensor;
  /** Parts of the batch that learn at the same time; one unless told. */
  readonly shards?: number;
}

/** Everything that a step changes. */
export interface Carry {
  readonly params: any;
  readonly optimizer: any;
  readonly clip: any;
  /** Recurrent state between windows; {} where the method carries none. */
  readonly state: any;
  /** Updates made, int32. */
  readonly step: Tensor;
}

export interface StepOutputs {
  /** Mean loss of the batch before the update, and the weight it is the mean over. */
  readonly loss: Tensor;
  readonly count: Tensor;
  /** Global norm of the gradient before clipping. */
  readonly norm: Tensor;
}

/** The carry before the first step, for batches of `rows` rows. */
export function firstCarry(options: StepOptions, params: any, rows: number): Carry {
  const { model, optimizer, method = bptt() } = options;
  return {
    params,
    optimizer: optimizer.init(split(model, params).learning),
    clip: clipping(options.clip).init(),
    state: sparingFrozen(method).init(model, params, rows),
    step: tensor(0, { dtype: "int32" }),
  };
}

/**
 * The training step: (carry, batch, rate, shard) → [next carry, { loss, count, norm }].
 *
 * With several shards it is what each of them does: it learns from its own rows, and the gradient
 * that all then follow is that of the mean over all rows. `shard` is [1], its number, so that each
 * draws its own randomness.
 *
 * A step whose loss or gradient is not finite changes nothing: the carry leaves as it entered, so
 * that what went wrong can still be found, and the last good parameters are kept.
 */
export function trainingStep(options: StepOptions) {
  const { model, loss, optimizer, method = bptt(), shards = 1 } = options;
  const clip = clipping(options.clip);
  return (carry: Carry, batch: Fed, rate: Tensor, shard?: Tensor): [Carry, StepOutputs] => {
    const step = each("step", add(slot(0), 1), carry.step);
    const key = keyOf(options, carry.step, shard);
    const lesson = { model, loss, batch, key, step: carry.step };
    const { learning, whole } = split(model, carry.params);
    const learned = sparingFrozen(method).learn(lesson, carry.params, carry.state);
    const { mean, grads } = shards > 1 ? overAll(learned) : learned;
    const { state } = learned;
    const value = meanOf(mean);
    const norm = each("norm", sqrt(slot(0)), sumOfSquares(grads));
    const clipped = clip.apply(grads, norm, carry.clip, learning);
    const moment = { rate, step: as(step, "float32") };
    const moved = optimizer.update(clipped.grads, carry.optimizer, learning, moment);
    const next: Carry = {
      params: moved.params,
      optimizer: moved.state,
      clip: clipped.state,
      state,
      step,
    };
    const last = { ...carry, params: learning };
    const kept = choose("keep", finite(value, norm), next, last);
    return [
      { ...kept, params: whole(kept.params) },
      { loss: value, count: mean.count, norm },
    ];
  };
}

/** Randomness of a step, and of a shard of it. */
function keyOf({ key }: StepOptions, step: Tensor, shard?: Tensor): Tensor | undefined {
  const own = key && fold(key, step);
  return own && shard ? fold(own, shard.reshape([])) : own;
}

/**
 * The mean over the rows of all shards, and its gradient: each shard's counts as much as its rows.
 *   s = Σ sₖ    n = Σ nₖ    g = Σ nₖ gₖ / n
 */
function overAll({ mean, grads }: Learned): Pick<Learned, "mean" | "grads"> {
  const weighted = zip(grads, ([g]) =>
    each("weighted", mul(slot(0), slot(1)), g, as(mean.count, g.dtype)),
  );
  const all = allReduce({ mean, grads: weighted });
  const share = div(slot(0), select(greater(slot(1), 0), slot(1), 1));
  return {
    mean: all.mean,
    grads: zip(all.grads, ([g]) => each("mean", share, g, as(all.mean.count, g.dtype))),
  };
}

/** The rate of a step, in the float type of the parameters. */
export function rateOf(value: number, params: any): Tensor {
  const wide = flatten(params).some((t) => t.dtype === "float64");
  return tensor(value, { dtype: wide ? "float64" : "float32" });
}

/** How the arguments and results of a step are spread over shards. */
export const stepShards = (count: number): Shards => ({
  count,
  inputs: [{ params: null, optimizer: null, clip: null, state: 0, step: null }, 0, null, 0],
  outputs: null,
});
/** The numbers of the shards, one for each: the last argument of a step. */
export const shardNumbers = (count: number): Tensor =>
  tensor(Int32Array.from({ length: count }, (_, k) => k));

/** Beyond it a number of a dtype is infinite, also where a target computes in float64. */
const limitOf = ({ dtype }: Tensor): number => (dtype === "float64" ? Infinity : 2 ** 128);

/** True when both numbers are finite. */
const finite = (a: Tensor, b: Tensor): Tensor => {
  const below = (k: number, t: Tensor) => less(abs(slot(k)), limitOf(t));
  return each("finite", and(below(0, a), below(1, b)), a, b);
};

/** Size of the last axis of what the model gives for a batch, found by tracing it. */
export function classesOf({ model }: Pick<StepOptions, "model">, params: any, batch: Fed): number {
  const { lengths, targets } = batch;
  const given = { lengths, ...(model.forced && { targets }) };
  const show = (p: any, x: Tensor) => model.run(p, x, given).output;
  const { graph } = traceTree(show, [params, batch.inputs]);
  return graph.outputs[0].shape.at(-1) ?? 1;
}
