/**
 * Reverse mode as a rewrite of graphs: (inputs…, cotangents of the outputs…) → cotangents of the
 * inputs. It returns a graph, so it composes with itself and with the other transforms.
 */

import { filled, plus } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import { dependents, type Graph, topological } from "../tensor/graph.ts";
import { isLeaf, type Maybe, type Node, placeholder, type Tensor } from "../tensor/tensor.ts";

/** Cotangents of `wrt`, given those of `outputs`; undefined where nothing flows. */
export function cotangents(
  outputs: readonly Tensor[],
  seeds: readonly Maybe[],
  wrt: readonly Tensor[],
): Maybe[] {
  const rows = new Map<Node, Maybe[]>();
  const give = (t: Tensor, c: Maybe) => {
    if (!c) return;
    const row = rows.get(t.node) ?? t.node.outputs.map((): Maybe => undefined);
    row[t.output] = row[t.output] ? plus(row[t.output]!, c) : c;
    rows.set(t.node, row);
  };
  // No other node needs a cotangent.
  const wanted = dependents({ outputs }, wrt);
  outputs.forEach((t, i) => isFloat(t.dtype) && give(t, seeds[i]));
  for (const node of topological(outputs).reverse()) {
    if (isLeaf(node) || !rows.has(node) || !wanted.has(node)) continue;
    node.op
      .vjp(node, rows.get(node)!)
      .forEach((c, k) => wanted.has(node.args[k].node) && give(node.args[k], c));
  }
  return wrt.map((t) => rows.get(t.node)?.[t.output]);
}

/** (inputs…, cotangents of the outputs…) → cotangents of the inputs. */
export function vjp(graph: Graph): Graph {
  const seeds = graph.outputs.map((t) => placeholder(t, `cotangent of ${t.name ?? "output"}`));
  const found = cotangents(graph.outputs, seeds, graph.inputs);
  return {
    inputs: [...graph.inputs, ...seeds],
    outputs: graph.inputs.map((t, i) => found[i] ?? filled(t)),
  };
}
