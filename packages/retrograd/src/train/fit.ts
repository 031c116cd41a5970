/** A method that chooses by the size of batches meets the first one. */
import { type JitOptions, resident } from "../jit/jit.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Fed, resized } from "./batch.ts";
import type { Method } from "./method.ts";
import { bptt } from "./methods/bptt.ts";
import {
  firstCarry,
  rateOf,
  type StepOptions,
  shardNumbers,
  stepShards,
  trainingStep,
} from "./step.ts";

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
  const rest = [rateOf(0, params), ...(shards > 1 ? [shardNumbers(shards)] : [])];
  const program = (chosen: Method) => {
    const own = { ...step, method: chosen };
    return resident(trainingStep(own), firstCarry(own, params, rows), how);
  };
  const footprint = (chosen: Method, on = batch) => program(chosen).plan(on, ...rest);
  const speed = (): number => {
    const short = beginningOf(batch);
    const brief = program(bptt());
    const { flops } = brief.plan(short, ...rest);
    const seconds = Array.from({ length: TRIALS }, () => {
      const start = performance.now();
      brief.call(short, ...rest);
      return (performance.now() - start) / 1000;
    });
    return flops / Math.min(...seconds.slice(1));
  };
  return method.fit({ model, params, batch, footprint, speed });
}

/** Steps of the batch that speed is measured on, and how often; the first one compiles. */
const [SHORT, TRIALS] = [128, 8];

/** The first steps of a batch, and its targets there. */
function beginningOf(batch: Fed): Fed {
  const time = batch.inputs.shape[1];
  if (time <= SHORT) return batch;
  const first = (t: Tensor) => (t.shape[1] === time ? resized(t, 1, 0, SHORT) : t);
  const { inputs, targets, mask } = batch;
  return { inputs: first(inputs), targets: first(targets), ...(mask && { mask: first(mask) }) };
}
