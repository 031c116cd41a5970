/** The passes over graphs, in order. Each takes a graph and returns one that computes the same. */

import { type Loop, scanOp } from "../loops/scan.ts";
import { type Graph, inline, topological } from "../tensor/graph.ts";
import { type Node, record } from "../tensor/tensor.ts";
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

/**
 * Marked recomputation has done its duty once it is known what is kept: write the calls out. But
 * where loops are run again within the step of a loop, moving work out of it would run them for
 * all its steps at once, and keep what was not to be kept: such a step stays as it is.
 */
function withoutCalls(graph: Graph): Graph {
  return rewriteGraph(graph, (node, args) => {
    if (node.op.lower === "call") return inline(withoutCalls(node.attrs.graph), args);
    if (node.op !== scanOp) return insideLoops(node, args, withoutCalls);
    const { step } = node.attrs as Loop;
    const apart = topological(step.outputs).some((n) => n.op.lower === "call" && hasLoops(n));
    return record(scanOp, args, {
      ...node.attrs,
      step: withoutCalls(step),
      ...(apart && { apart }),
    });
  });
}

const hasLoops = ({ attrs }: Node): boolean =>
  topological(attrs.graph.outputs).some(
    (n) =>
      n.op.lower === "loop" || n.op.lower === "while" || (n.op.lower === "call" && hasLoops(n)),
  );
