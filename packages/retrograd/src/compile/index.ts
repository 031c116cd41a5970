/** The passes over graphs, in order. Each takes a graph and returns one that computes the same. */

import { type Graph, inline } from "../tensor/graph.ts";
import { fuse } from "./fuse.ts";
import { keep } from "./keep.ts";
import { moveWork, ROWS } from "./move.ts";
import { prune } from "./prune.ts";
import { insideLoops, rewriteGraph } from "./rewrite.ts";
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
  const inner = rewriteGraph(graph, (node, args) =>
    insideLoops(node, args, (step) => tidy(step, notes)),
  );
  return fuse(flattenSums(simplify(split(inner, notes))), notes);
}

/** Marked recomputation has done its duty once it is known what is kept: write the calls out. */
function withoutCalls(graph: Graph): Graph {
  return rewriteGraph(graph, (node, args) => {
    if (node.op.lower !== "call") return insideLoops(node, args, withoutCalls);
    const { inputs } = node.attrs.graph;
    return withoutCalls({ inputs, outputs: inline(node.attrs.graph, args) }).outputs;
  });
}
