/**
 * A training step as a case: the model with the weights that are given, compiled once for its time
 * and once more inside `resident`, which is what a user's run calls.
 */
import { resident, type Tensor, tensor } from "retrograd";
import type { Model } from "retrograd/layers";
import { adam, type Carry, type Fed, firstCarry, type Loss, trainingStep } from "retrograd/train";
import { compileGraph, type TargetName } from "../packages/retrograd/src/jit/jit.ts";
import { traceShards } from "../packages/retrograd/src/jit/shards.ts";
import { flatten } from "../packages/retrograd/src/tensor/tree.ts";
import { shardNumbers, stepShards } from "../packages/retrograd/src/train/step.ts";
import type { Prepared, Work } from "./case.ts";

export interface Training {
  readonly model: Model;
  readonly params: unknown;
  readonly loss: Loss;
  readonly batch: Fed;
  readonly target: TargetName;
  readonly shards?: number;
  readonly work: Work;
}

export const RATE = 1e-3;
/** Losses are compared before the first update and after nine. */
const COMPARED = 10;

/** Numbers with a shape, without a copy. */
export const shaped = (data: Float32Array | Int32Array, ...shape: number[]): Tensor =>
  tensor(data, { shape });

export const countOf = (params: unknown): number =>
  flatten(params).reduce((sum, t) => sum + t.size, 0);

/** Adam reads and writes the parameter and both moments, and reads the gradient. */
export const adamBytes = (params: unknown): number => 4 * 7 * countOf(params);

export function trainingCase(training: Training): Prepared {
  const { model, params, loss, batch, target, shards = 1, work } = training;
  const options = { model, loss, optimizer: adam(RATE), shards };
  const step = trainingStep(options);
  const carry = firstCarry(options, params, batch.inputs.shape[0]);
  const rate = tensor(RATE);
  const given = shards > 1 ? [batch, rate, shardNumbers(shards)] : [batch, rate];
  const spread = shards > 1 ? { shards: stepShards(shards) } : {};
  const leaves = flatten(carry).length;
  const start = performance.now();
  const { graph, sharding } = traceShards(
    (now: Carry, data: Fed, r: Tensor, shard?: Tensor) => {
      const [next, outputs] = step(now, data, r, shard);
      return [flatten(next), outputs];
    },
    [carry, ...given],
    "the step",
    spread.shards,
    (all, byRows) => flatten(all).map((_, i) => i < leaves && byRows[i]),
  );
  compileGraph(graph, {
    ...{ target, shards: sharding },
    resident: Array.from({ length: leaves }, (_, i) => [i, i]),
  });
  const compileMs = performance.now() - start;
  const program = resident(step, carry, { target, ...spread });
  const losses = Array.from({ length: COMPARED }, () => program.call(...given).loss.item());
  return {
    kind: "step",
    run: () => void program.call(...given),
    work,
    compileMs,
    peakBytes: () => program.peakBytes,
    fields: () => ({ loss0: losses[0], loss9: losses[COMPARED - 1] }),
    graph,
    residents: leaves,
  };
}
