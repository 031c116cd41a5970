/** How much one call of a graph computes: what decides which target is worth its compiler. */
import { type Loop, scanOp } from "../loops/scan.ts";
import type { MapAttrs } from "../ops/map.ts";
import { parts } from "../scalar/index.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, sizeOf } from "../tensor/tensor.ts";

/**
 * Scalar operations of a call, by shapes alone: elements of each map times the rows of its body,
 * steps of each loop times its step; a data-dependent loop counts as one turn.
 */
export function workOf(graph: Graph): number {
  return topological(graph.outputs).reduce((sum, node) => sum + ofNode(node), 0);
}

function ofNode({ op, attrs, outputs }: Node): number {
  if (op === scanOp) return (attrs as Loop).length * workOf((attrs as Loop).step);
  if (op.lower === "while") return workOf(attrs.condition) + workOf(attrs.body);
  if (op.lower === "call") return workOf(attrs.graph);
  if (op.lower !== "map") return op.lower === "view" ? 0 : sizeOf(outputs[0]?.shape ?? []);
  const { body, sizes } = attrs as MapAttrs;
  let rows = 1;
  parts(body, (e) => (rows += e.kind === "call" ? 1 : 0));
  return sizeOf(Object.values(sizes)) * rows;
}
