/** A method that chooses by the size of batches meets the first one. */
import { type JitOptions, resident } from "../jit/jit.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { flatten } from "../tensor/tree.ts";
import type { Fed } from "./batch.ts";
import type { Method } from "./method.ts";
import { bptt } from "./methods/bptt.ts";
import { firstCarry, type StepOptions, shardNumbers, stepShards, trainingStep } from "./step.ts";

/** The rate of a step, in the float type of the parameters. */
export function rateOf(value: number, params: any): Tensor {
  const wide = flatten(params).some((t) => t.dtype === "float64");
  return tensor(value, { dtype: wide ? "float64" : "float32" });
}

/**
 * The method of a training step, fitted to batches like this one.
 * @param jit  how the step will be compiled; its shards are those of the step
 * @throws "budget-small"
 */
export function fitted(step: StepOptions, params: any, batch: Fed, jit: JitOptions = {}): Method {
  const { method = bptt(), model, shards = 1 } = step;
  if (!method.fit) return method;
  const rows = batch.inputs.shape[0];
  const how = { target: jit.target, ...(shards > 1 && { shards: stepShards(shards) }) };
  const given = [batch, rateOf(1, params), ...(shards > 1 ? [shardNumbers(shards)] : [])];
  const peakBytes = (chosen: Method): number => {
    const own = { ...step, method: chosen };
    return resident(trainingStep(own), firstCarry(own, params, rows), how).plan(...given);
  };
  return method.fit({ model, params, batch, peakBytes });
}
