/** How passes rewrite graphs: node by node, arguments first, and into the steps of loops. */

import { isExpensive } from "../loops/invariant.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { constantOp, inputOp, type Node, record, same, Tensor } from "../tensor/tensor.ts";

/** New outputs for a node on its new arguments, or undefined to keep it. */
export type Visit = (
  node: Node,
  args: readonly Tensor[],
) => readonly (Tensor | undefined)[] | undefined;

/** A graph with the same inputs, each node passed through `visit`. */
export function rewriteGraph(graph: Graph, visit: Visit): Graph {
  const now = new Map<Node, readonly (Tensor | undefined)[]>();
  const move = (t: Tensor): Tensor => {
    const moved = now.get(t.node)?.[t.output];
    if (!moved)
      throw new Error(`output ${t.output} of ${t.node.op.name} is gone, but somebody reads it`);
    return moved;
  };
  for (const t of graph.inputs) now.set(t.node, [t]);
  for (const node of topological(graph.outputs)) {
    if (now.has(node)) continue;
    if (node.op === inputOp || node.op === constantOp) {
      now.set(node, [new Tensor(node, 0)]);
      continue;
    }
    const args = node.args.map(move);
    now.set(node, visit(node, args) ?? again(node, args));
  }
  return { inputs: graph.inputs, outputs: graph.outputs.map(move) };
}

/** The node on other arguments; itself where they are the same. */
export function again(node: Node, args: readonly Tensor[]): Tensor[] {
  if (args.every((a, k) => same(a, node.args[k])))
    return node.outputs.map((_, i) => new Tensor(node, i));
  return record(node.op, args, node.attrs);
}

/** The node with `f` applied to the graphs that it runs, if it is a loop. */
export function insideLoops(
  { op, attrs }: Node,
  args: readonly Tensor[],
  f: (graph: Graph) => Graph,
): Tensor[] | undefined {
  if (op.lower === "loop") return record(op, args, { ...attrs, step: f(attrs.step) });
  if (op.lower !== "while") return undefined;
  return record(op, args, { ...attrs, condition: f(attrs.condition), body: f(attrs.body) });
}

/** For each node, the nodes that read it; outputs of the graph count as a reader, `undefined`. */
export function readersOf(graph: Graph): Map<Node, (Node | undefined)[]> {
  const readers = new Map<Node, (Node | undefined)[]>();
  const add = (t: Tensor, reader: Node | undefined) => {
    const row = readers.get(t.node);
    if (row) row.push(reader);
    else readers.set(t.node, [reader]);
  };
  for (const node of topological(graph.outputs)) for (const a of node.args) add(a, node);
  for (const t of graph.outputs) add(t, undefined);
  return readers;
}

/** Which outputs of each node anybody reads. */
export function usedOutputs(graph: Graph): Map<Node, Set<number>> {
  const used = new Map<Node, Set<number>>();
  const add = (t: Tensor) => {
    const row = used.get(t.node) ?? new Set();
    used.set(t.node, row.add(t.output));
  };
  for (const node of topological(graph.outputs)) node.args.forEach(add);
  graph.outputs.forEach(add);
  return used;
}

/** The expensive nodes that `t` is computed from, without those among `besides`. */
export const workBehind = (t: Tensor, besides?: ReadonlySet<Node>): Node[] =>
  topological([t]).filter((node) => !besides?.has(node) && isExpensive(node));
