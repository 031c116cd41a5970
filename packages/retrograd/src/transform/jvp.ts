/** Forward mode as a rewrite of graphs: (inputs…, their tangents…) → tangents of the outputs. */

import { filled } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { isLeaf, type Maybe, type Node, placeholder, type Tensor } from "../tensor/tensor.ts";

/** Tangents of `outputs`, given those of some tensors; undefined where nothing changes. */
export function tangents(
  outputs: readonly Tensor[],
  given: readonly (readonly [Tensor, Maybe])[],
): Maybe[] {
  const rows = new Map<Node, Maybe[]>();
  for (const [t, d] of given) {
    const row = rows.get(t.node) ?? [];
    row[t.output] = isFloat(t.dtype) ? d : undefined;
    rows.set(t.node, row);
  }
  for (const node of topological(outputs)) {
    if (isLeaf(node) || rows.has(node)) continue;
    const incoming = node.args.map((a) => rows.get(a.node)?.[a.output]);
    if (incoming.some((t) => t)) rows.set(node, node.op.jvp(node, incoming));
  }
  return outputs.map((t) => rows.get(t.node)?.[t.output]);
}

/** (inputs…, tangents of the inputs…) → tangents of the outputs. */
export function jvp(graph: Graph): Graph {
  const seeds = graph.inputs.map((t) => placeholder(t, `tangent of ${t.name ?? "input"}`));
  const found = tangents(
    graph.outputs,
    graph.inputs.map((t, i) => [t, seeds[i]] as const),
  );
  return {
    inputs: [...graph.inputs, ...seeds],
    outputs: graph.outputs.map((t, i) => found[i] ?? filled(t)),
  };
}
