/** The ways of computing one gradient, each made ready once as a function of numbers. */
import { RetrogradError } from "../errors.ts";
import { filled } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import { orZeros } from "../transform/function.ts";
import { jvp } from "../transform/jvp.ts";
import { cotangents } from "../transform/vjp.ts";
import { checkpointed, unrolled } from "./loops.ts";
import type { Objective } from "./objective.ts";
import { compiled, type Evaluator, evaluatorOf } from "./program.ts";

/** Whole gradients, in reverse mode. */
export const REVERSE = ["bptt", "checkpointed", "unrolled", "compiled"] as const;
export type Reverse = (typeof REVERSE)[number];
export type Way = Reverse | "forward" | "differences";

export interface Ways {
  /** Gradients by all float arguments, in the order of `wrt`. */
  readonly reverse: ReadonlyMap<Reverse, Evaluator>;
  readonly wrt: readonly number[];
  /** (arguments…, tangents…) → tangent of the loss. */
  readonly forward: Evaluator | undefined;
  readonly value: Evaluator;
  /** Why a way cannot be run. */
  readonly missing: ReadonlyMap<Way, string>;
}

export function waysOf({ graph, places }: Objective): Ways {
  const wrt = graph.inputs.flatMap((t, k) => (isFloat(t.dtype) ? [k] : []));
  const gradient = (of: Graph): Graph => {
    const by = wrt.map((k) => of.inputs[k]);
    const [loss] = of.outputs;
    return { inputs: of.inputs, outputs: orZeros(cotangents([loss], [filled(loss, 1)], by), by) };
  };
  const steps = places.filter(({ kind }) => kind === "step").length;
  const window = Math.ceil(Math.sqrt(Math.max(1, steps)));
  const make: Record<Reverse, () => Evaluator> = {
    bptt: () => evaluatorOf(gradient(graph)),
    checkpointed: () => evaluatorOf(gradient(checkpointed(graph, window))),
    unrolled: () => evaluatorOf(gradient(unrolled(graph))),
    compiled: () => compiled(gradient(graph)),
  };
  const missing = new Map<Way, string>();
  const attempt = (way: Way, f: () => Evaluator): Evaluator | undefined => {
    try {
      return f();
    } catch (error) {
      // A while loop, say, has no backward.
      if (!(error instanceof RetrogradError) || error.code !== "not-differentiable") throw error;
      missing.set(way, error.message.split("\n")[0]);
      return undefined;
    }
  };
  const reverse = new Map<Reverse, Evaluator>();
  for (const way of REVERSE) {
    const made = attempt(way, make[way]);
    if (made) reverse.set(way, made);
  }
  const forward = attempt("forward", () => evaluatorOf(jvp(graph), places.length));
  return { reverse, wrt, forward, value: evaluatorOf(graph, 12 * places.length), missing };
}
