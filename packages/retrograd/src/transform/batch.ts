/**
 * Batching as a rewrite of graphs: the chosen inputs get a leading axis, and so does every
 * output.
 */

import { repeated as repeat } from "../ops/repeat.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { isLeaf, type Node, placeholder, same, Tensor } from "../tensor/tensor.ts";

export { repeat };

/**
 * What a graph becomes when some inputs are batched; also says which outputs depend on the batch.
 */
export function batchWhere(
  graph: Graph,
  which: readonly boolean[],
  size: number,
): { graph: Graph; batched: boolean[] } {
  const inputs = graph.inputs.map((t, i) =>
    placeholder(which[i] ? { shape: [size, ...t.shape], dtype: t.dtype } : t, t.name),
  );
  const now = new Map<Node, { at: Tensor[]; batched: boolean }>(
    graph.inputs.map((t, i) => [t.node, { at: [inputs[i]], batched: which[i] }]),
  );
  for (const node of topological(graph.outputs)) {
    if (now.has(node)) continue;
    const args = node.args.map((a) => now.get(a.node)!.at[a.output]);
    const flags = node.args.map((a) => now.get(a.node)!.batched);
    if (isLeaf(node) || !flags.includes(true))
      now.set(node, { at: reapply(node, args), batched: false });
    else now.set(node, { at: node.op.batch(node, args, flags, size), batched: true });
  }
  const outputs = graph.outputs.map((t) => now.get(t.node)!);
  return {
    graph: { inputs, outputs: outputs.map(({ at }, i) => at[graph.outputs[i].output]) },
    batched: outputs.map((o) => o.batched),
  };
}

/** The node on its new arguments; itself where nothing changed. */
function reapply(node: Node, args: readonly Tensor[]): Tensor[] {
  const moved: Node = args.every((a, k) => same(a, node.args[k])) ? node : { ...node, args };
  return node.outputs.map((_, i) => new Tensor(moved, i));
}

/** Give the chosen inputs a leading axis of `size`; every output gets one too. */
export function batch(graph: Graph, which: readonly boolean[], size: number): Graph {
  const wide = batchWhere(graph, which, size);
  return {
    ...wide.graph,
    outputs: wide.graph.outputs.map((t, i) => (wide.batched[i] ? t : repeat(t, size))),
  };
}
