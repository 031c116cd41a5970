/**
 * Whole matrices of derivatives. One row (or column) is a vjp (or jvp) in the direction of one
 * basis vector; batching that over all basis vectors, one axis at a time, gives them all.
 */

import { lettersOfRank } from "../ops/axes.ts";
import { filled, recordMap } from "../ops/map.ts";
import { and, equal, index, select, slot } from "../scalar/index.ts";
import { type Graph, inline } from "../tensor/graph.ts";
import { placeholder, type Tensor } from "../tensor/tensor.ts";
import { flatten, rebuild } from "../tensor/tree.ts";
import { batch } from "./batch.ts";
import { grad } from "./derivatives.ts";
import { callGraph, orZeros, traceTree } from "./function.ts";
import { tangents } from "./jvp.ts";
import { cotangents } from "./vjp.ts";

export interface JacobianOptions {
  /** The argument to differentiate by, counted from 0. */
  argnum?: number;
  /** "reverse" costs one pass per output, "forward" one per input; the cheaper one unless told. */
  mode?: "forward" | "reverse";
}

/**
 * Jacobian: all derivatives of all outputs.
 * @param f  (…trees) → tree
 * @returns  function of the same arguments. For a tensor y [a, …] of a tensor x [i, …] it gives
 *           ∂y/∂x [a, …, i, …]; for trees, the tree of the outputs, a tree of inputs at each leaf
 * @throws "not-differentiable"
 */
export function jacobian<A extends any[]>(
  f: (...args: A) => unknown,
  { argnum = 0, mode }: JacobianOptions = {},
): (...args: A) => any {
  return (...args) => {
    const { graph, result } = traceTree(f, args, "jacobian");
    const before = flatten(args.slice(0, argnum)).length;
    const x = graph.inputs.slice(before, before + flatten(args[argnum]).length);
    const count = (ts: readonly Tensor[]) => ts.reduce((n, t) => n + t.size, 0);
    const forward = mode ? mode === "forward" : count(x) < count(graph.outputs);
    const blocks = forward ? columns(graph.outputs, x) : rows(graph.outputs, x);
    const found = callGraph({ inputs: graph.inputs, outputs: blocks.flat() }, flatten(args));
    const trees = graph.outputs.map(() => rebuild(args[argnum], found.splice(0, x.length)));
    return rebuild(result, trees);
  };
}

/**
 * Hessian of a function that returns one number: forward mode over reverse mode.
 * @returns function that gives ∂²f/∂x∂x [i, …, i, …], or a tree of trees of them
 * @throws "not-scalar", "not-differentiable"
 */
export const hessian = <A extends any[]>(
  f: (...args: A) => Tensor,
  { argnum = 0 }: { argnum?: number } = {},
): ((...args: A) => any) =>
  jacobian(grad(f, argnum) as (...args: A) => unknown, { argnum, mode: "forward" });

/** ∂y/∂x for every y and x, by reverse mode. */
const rows = (outputs: readonly Tensor[], x: readonly Tensor[]): Tensor[][] =>
  outputs.map((y) => alongBasis(y, (seed) => orZeros(cotangents([y], [seed], x), x)));

/** The same by forward mode, which lays the inputs first and has to turn them round. */
function columns(outputs: readonly Tensor[], x: readonly Tensor[]): Tensor[][] {
  const found = x.map((from) =>
    alongBasis(from, (seed) => orZeros(tangents(outputs, [[from, seed]]), outputs)),
  );
  return outputs.map((y, k) =>
    x.map((from, j) => {
      const letters = lettersOfRank(from.rank + y.rank);
      const [own, of] = [letters.slice(0, from.rank), letters.slice(from.rank)];
      return recordMap(`${letters}->${of}${own}`, slot(0), [found[j][k]], { name: "jacobian" });
    }),
  );
}

/** What `f` makes of every basis vector of the space of `type`: [...type, ...f]. */
function alongBasis(type: Tensor, f: (seed: Tensor) => Tensor[]): Tensor[] {
  const seed = placeholder(type, "direction");
  let graph: Graph = { inputs: [seed], outputs: f(seed) };
  for (const size of [...type.shape].reverse()) graph = batch(graph, [true], size);
  return inline(graph, [identity(type)]);
}

/** [...shape, ...shape] with a one wherever both halves of the index are equal. */
function identity({ shape, dtype }: Tensor): Tensor {
  if (shape.length === 0) return filled({ shape, dtype }, 1);
  const letters = lettersOfRank(2 * shape.length);
  const sizes = Object.fromEntries([...letters].map((l, i) => [l, shape[i % shape.length]]));
  const same = shape.map((_, d) => equal(index(letters[d]), index(letters[d + shape.length])));
  const body = select(
    same.reduce((a, b) => and(a, b)),
    1,
    0,
  );
  return recordMap(`->${letters}`, body, [], { sizes, dtype, name: "identity" });
}
