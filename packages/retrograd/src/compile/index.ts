/** The passes over graphs, in order. Each takes a graph and returns one that computes the same. */

import { type Loop, scanOp } from "../loops/scan.ts";
import { type Graph, inline } from "../tensor/graph.ts";
import { record, type Tensor } from "../tensor/tensor.ts";
import { fuse } from "./fuse.ts";
import { keep } from "./keep.ts";
import { moveWork, ROWS } from "./move.ts";
import { prune } from "./prune.ts";
import { rewriteGraph } from "./rewrite.ts";
import { simplify } from "./simplify.ts";
import { split } from "./split.ts";
import { flattenSums } from "./sums.ts";

export interface Optimised {
  readonly graph: Graph;
  readonly notes: readonly string[];
}

/**
 * Run all passes.
 * @param rows  rows of a product over the steps of one chunk that chunks aim at
 */
export function optimise(graph: Graph, rows = ROWS): Optimised {
  const notes: string[] = [];
  let g = simplify(prune(prune(graph)));
  g = keep(g, notes);
  g = prune(g);
  g = withoutCalls(g);
  g = moveWork(g, notes, rows);
  g = prune(g);
  return { graph: tidy(g, notes), notes };
}

/** Simplify a graph and the steps of its loops. */
function tidy(graph: Graph, notes: string[]): Graph {
  const inner = rewriteGraph(graph, (node, args) => {
    if (node.op === scanOp) {
      const loop = node.attrs as Loop;
      return record(scanOp, args, { ...loop, step: tidy(loop.step, notes) });
    }
    if (node.op.lower === "while")
      return record(node.op, args, {
        ...node.attrs,
        condition: tidy(node.attrs.condition, notes),
        body: tidy(node.attrs.body, notes),
      });
    return undefined;
  });
  return fuse(flattenSums(simplify(split(inner, notes))), notes);
}

/** Marked recomputation has done its duty once it is known what is kept: write the calls out. */
function withoutCalls(graph: Graph): Graph {
  return rewriteGraph(graph, (node, args): Tensor[] | undefined => {
    if (node.op.lower === "call")
      return withoutCalls({
        inputs: node.attrs.graph.inputs,
        outputs: inline(node.attrs.graph, args),
      }).outputs as Tensor[];
    if (node.op === scanOp)
      return record(scanOp, args, { ...node.attrs, step: withoutCalls(node.attrs.step) });
    if (node.op.lower === "while")
      return record(node.op, args, {
        ...node.attrs,
        condition: withoutCalls(node.attrs.condition),
        body: withoutCalls(node.attrs.body),
      });
    return undefined;
  });
}
