/**
 * remat: a function whose inner values are computed again where the backward pass needs them. Its
 * derivatives are remats too, of graphs that hold the computation themselves: nothing of it can be
 * kept, so memory is exchanged for time. A scan of remats of scans is checkpointing.
 * Source: Griewank & Walther 2000, doi:10.1145/347837.347846; Chen et al. 2016, arXiv:1604.06174.
 */

import { close, type Graph, run } from "../tensor/graph.ts";
import { apply, type Maybe, type Op, placeholder, record, type Tensor } from "../tensor/tensor.ts";
import { flatten, rebuild } from "../tensor/tree.ts";
import { batch } from "./batch.ts";
import { traceTree } from "./function.ts";
import { tangents } from "./jvp.ts";
import { cotangents } from "./vjp.ts";

export interface RematAttrs {
  /** Reads nothing but its inputs; none of its inner values may be stored for a later pass. */
  readonly graph: Graph;
}

/** Record the part of `outputs` that is not zero; the rest stays undefined. */
function recordRemat(
  inputs: readonly Tensor[],
  outputs: readonly Maybe[],
  args: readonly Tensor[],
) {
  const live = outputs.filter((t) => t !== undefined);
  if (live.length === 0) return outputs.map((): Maybe => undefined);
  const found = record(rematOp, args, { graph: { inputs, outputs: live } });
  return outputs.map((t): Maybe => t && found[live.indexOf(t)]);
}

const present = (list: readonly Maybe[]): Tensor[] => list.filter((t) => t !== undefined);

export const rematOp: Op<RematAttrs> = {
  name: "remat",
  lower: "call",
  shape: (_, { graph }) => graph.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  evaluate: ({ attrs: { graph } }, args) => run(graph, args),
  jvp({ args, attrs: { graph } }, given) {
    const seeds = graph.inputs.map((t, i) => given[i] && placeholder(t, `tangent of ${t.name}`));
    const found = tangents(
      graph.outputs,
      graph.inputs.map((t, i) => [t, seeds[i]] as const),
    );
    return recordRemat([...graph.inputs, ...present(seeds)], found, [...args, ...present(given)]);
  },
  vjp({ args, attrs: { graph } }, given) {
    const seeds = graph.outputs.map((t, i) => given[i] && placeholder(t, `cotangent of ${t.name}`));
    const found = cotangents(graph.outputs, seeds, graph.inputs);
    return recordRemat([...graph.inputs, ...present(seeds)], found, [...args, ...present(given)]);
  },
  batch: ({ attrs: { graph } }, args, batched, size) =>
    record(rematOp, args, { graph: batch(graph, batched, size) }),
};

/**
 * The same function, recomputed instead of kept.
 * @param f  (…trees) → tree; what it captures from around it is handed in too
 * Checked: values and gradients equal those of `f`.
 */
export function remat<F extends (...args: any[]) => unknown>(f: F): F {
  const recomputed = (...args: unknown[]) => {
    const traced = traceTree(f, args, "remat");
    const { graph, captured } = close(traced.graph);
    return rebuild(traced.result, apply(rematOp, [...flatten(args), ...captured], { graph }));
  };
  return recomputed as F;
}
