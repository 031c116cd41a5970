/**
 * A graph as a function of numbers in float64. Small ones are evaluated by the reference rules; the
 * others are compiled, which takes longer once and is quicker each time.
 */
import { compileGraph } from "../jit/compileGraph.ts";
import { targetNamed } from "../jit/target.ts";
import { workOf } from "../jit/work.ts";
import { allocate } from "../scalar/dtype.ts";
import { type Graph, run, topological } from "../tensor/graph.ts";

export type Numbers = readonly Float64Array[];
export type Evaluator = (args: Numbers) => Numbers;

/** Scalar operations that the reference rules do while a compiler would still compile. */
const LITTLE = 4e6;
/** Every op of a graph costs the reference rules as much as so many operations. */
const PER_OP = 4e3;

/**
 * @param times  how often it will be called
 * @returns      values of the outputs in float64, whatever their dtype
 */
export function evaluatorOf(graph: Graph, times = 1): Evaluator {
  const work = workOf(graph) + PER_OP * topological(graph.outputs).length;
  return times * work < LITTLE || !isExact(graph) ? (args) => run(graph, args) : compiled(graph);
}

/** Compiled code rounds to the dtypes of a graph: only without float32 it is as exact. */
export const isExact = (graph: Graph): boolean =>
  [...graph.inputs, ...graph.outputs].every((t) => t.dtype !== "float32");

/** The graph compiled for what runs everywhere. */
export function compiled(graph: Graph): Evaluator {
  const program = compileGraph(graph, { target: targetNamed("auto").name as "wasm" });
  return (args) => {
    const given = graph.inputs.map(({ dtype }, k) => {
      const data = allocate(dtype, args[k].length);
      data.set(args[k] as never);
      return data;
    });
    return program.run(given).map((data) => Float64Array.from(data!));
  };
}
