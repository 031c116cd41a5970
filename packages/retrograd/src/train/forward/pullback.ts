/** The pullback of a graph as a function: cotangents of chosen inputs from those of its outputs. */
import { type Graph, inline } from "../../tensor/graph.ts";
import { placeholder, type Tensor } from "../../tensor/tensor.ts";
import { cotangents } from "../../transform/vjp.ts";

type Maybe = Tensor | undefined;

/** At `inputs`, given cotangents of the outputs; undefined where nothing flows. */
export function pullback(
  graph: Graph,
  wrt: readonly Tensor[],
  inputs: readonly Tensor[],
  given: readonly Maybe[],
): Maybe[] {
  const seeds = graph.outputs.map((t, k) => given[k] && placeholder(t, "cotangent"));
  const found = cotangents(graph.outputs, seeds, wrt);
  const there = (list: readonly Maybe[]) => list.filter((t) => t !== undefined);
  const back = { inputs: [...graph.inputs, ...there(seeds)], outputs: there(found) };
  const values = inline(back, [...inputs, ...there(given)]);
  return found.map((t) => t && values.shift());
}
