/**
 * What becomes of sums over shards: with one shard they are what was given; with several they stay,
 * at the top level of the program alone, where all shards come by in the same order.
 */
import { fail } from "../errors.ts";
import { allReduceOp } from "../ops/allReduce.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, record } from "../tensor/tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

/** The graph for so many shards. @throws "collective-inside" */
export function settleCollectives(graph: Graph, shards: number): Graph {
  if (shards === 1) return hasCollectives(graph) ? withoutCollectives(graph) : graph;
  for (const node of topological(graph.outputs))
    if (innerGraphs(node).some(([, inner]) => hasCollectives(inner)))
      fail("collective-inside", { where: node.op.name });
  return graph;
}

const innerGraphs = ({ attrs }: Node): [string, Graph][] =>
  ["step", "graph", "condition", "body"].flatMap((key) =>
    attrs?.[key]?.outputs ? [[key, attrs[key]]] : [],
  );

const hasCollectives = (graph: Graph): boolean =>
  topological(graph.outputs).some(
    (node) =>
      node.op === allReduceOp || innerGraphs(node).some(([, inner]) => hasCollectives(inner)),
  );

function withoutCollectives(graph: Graph): Graph {
  return rewriteGraph(graph, (node, args) => {
    if (node.op === allReduceOp) return args;
    const inner = innerGraphs(node).map(([key, g]) => [key, withoutCollectives(g)] as const);
    if (inner.length === 0) return undefined;
    return record(node.op, args, { ...node.attrs, ...Object.fromEntries(inner) });
  });
}
