/**
 * stopGradient, for differences. Its value follows what it is given, its derivative does not; who
 * asks for the derivative by moving the arguments must hold it where it is.
 */
import { stopGradientOp } from "../ops/stopGradient.ts";
import { Bindings, type Graph, run, substitute, topological } from "../tensor/graph.ts";
import { placeholder, Tensor } from "../tensor/tensor.ts";
import { unrolled } from "./loops.ts";
import type { Numbers } from "./program.ts";

/**
 * The graph with what it stops as further inputs, and their values at a point; undefined where it
 * stops nothing. Loops are written out, because each step stops another value.
 */
export function frozen(graph: Graph, args: Numbers): { graph: Graph; values: Numbers } | undefined {
  const long = unrolled(graph);
  const stops = topological(long.outputs)
    .filter(({ op }) => op === stopGradientOp)
    .map((node) => new Tensor(node, 0));
  if (stops.length === 0) return undefined;
  const values = run({ inputs: long.inputs, outputs: stops }, args);
  const held = stops.map((t) => placeholder(t, "stopped"));
  const outputs = substitute(
    long.outputs,
    new Bindings(stops.map((t, k) => [t, held[k]] as const)),
  );
  return { graph: { inputs: [...long.inputs, ...held], outputs }, values };
}
