/**
 * Functions of trees as graphs, and graphs as functions. What users hand to a transform is a
 * JavaScript function of nested objects and arrays of tensors; what a transform rewrites is a
 * graph. A graph may read tensors of a trace around it: it is then inlined there, and evaluated
 * otherwise.
 */
import { fail } from "../errors.ts";
import { filled } from "../ops/map.ts";
import { float64, type Graph, inline, run, topological, trace } from "../tensor/graph.ts";
import { fromFloat64, inputOp, type Maybe, type Tensor, type Type } from "../tensor/tensor.ts";
import { flatten, flattenArguments, paths, rebuild } from "../tensor/tree.ts";

/** A traced function: its graph, and the tree that it returned. */
export interface Traced {
  readonly graph: Graph;
  readonly result: unknown;
}

/** Names of the leaves of a list of arguments: "0.W" is `W` of the first. */
export const namesOf = (args: readonly unknown[]): string[] =>
  paths(args).map((path) => path.replace(/^\d+\.?/, "") || `argument ${path}`);

/**
 * Trace `f` on placeholders that have the types of `types`, in the trees of `args`; `of` is what
 * messages call the function that was given them.
 */
export function traceTree(
  f: (...args: any[]) => unknown,
  args: readonly unknown[],
  of = "the function",
  types?: readonly Type[],
): Traced {
  let result: unknown;
  const given = flattenArguments(args, of);
  const names = namesOf(args).map((name, i) => given[i].name ?? name);
  const graph = trace(
    types ?? given,
    (...leaves) => {
      result = f(...(rebuild(args, leaves) as unknown[]));
      return tensorsOf(result);
    },
    names,
  );
  return { graph, result };
}

/** The leaves of what a function returned. @throws "bad-argument" when there are none */
export function tensorsOf(result: unknown): Tensor[] {
  if (typeof result === "object" && result !== null) return flatten(result);
  return fail("bad-argument", {
    where: "what the function returned",
    given: result === undefined ? "nothing" : `${typeof result} ${String(result)}`,
    expected: "a tensor, or an object or array of tensors",
  });
}

/**
 * Call a graph: evaluated in float64 and rounded to each dtype at the end when every number is
 * here, inlined into the trace that the arguments, or the tensors it captured, belong to
 * otherwise.
 */
export function callGraph(graph: Graph, args: readonly Tensor[]): Tensor[] {
  if (!isReady(graph, args)) return inline(graph, args);
  return run(graph, args.map(float64)).map((v, i) => fromFloat64(v, graph.outputs[i]));
}

/** True when every number is here: no argument is traced, and no tensor of a trace was captured. */
export function isReady(graph: Graph, args: readonly Tensor[]): boolean {
  const own = new Set(graph.inputs.map((t) => t.node));
  const outer = topological(graph.outputs).some((node) => node.op === inputOp && !own.has(node));
  return !outer && args.every((a) => a.isConcrete);
}

/** Zeros where nothing flows. */
export const orZeros = (found: readonly Maybe[], types: readonly Type[]): Tensor[] =>
  types.map((type, i) => found[i] ?? filled(type));
