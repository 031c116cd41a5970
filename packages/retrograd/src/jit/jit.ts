/**
 * jit: a function traced per types of its arguments, compiled once for each, cached.
 *
 *   const fast = jit((x: Tensor) => x.tanh().sum());
 */

import type { Program } from "../nest/program.ts";
import { inline } from "../tensor/graph.ts";
import { concrete } from "../tensor/tensor.ts";
import { flatten, rebuild } from "../tensor/tree.ts";
import { isReady, type Traced, traceTree } from "../transform/function.ts";
import { checkOptions, compileGraph, type JitOptions, signature } from "./compileGraph.ts";

export { compileGraph, type JitOptions, type TargetName } from "./compileGraph.ts";
export { type Resident, resident } from "./resident.ts";

export interface Jitted<F> {
  (...args: any[]): any;
  /** What the compiler made of the last call. */
  explain(): string;
  readonly original: F;
}

/**
 * Compile `f` for the types of its arguments, once per types.
 *
 * What `f` captures from outside is a constant of the program, taken at the first call. Where an
 * argument or a captured tensor is being traced, `f` becomes part of that trace instead.
 *
 * @param f  function of trees of tensors, returning a tree of tensors
 * @throws "unknown-option", "target-missing", "out-of-memory"
 */
export function jit<F extends (...args: any[]) => unknown>(
  f: F,
  options: JitOptions = {},
): F & Jitted<F> {
  checkOptions("jit", options);
  const cache = new Map<string, { program: Program; traced: Traced }>();
  let last: Program | undefined;
  const compiled = (...args: unknown[]) => {
    const leaves = flatten(args);
    if (leaves.some((t) => !t.isConcrete)) return f(...args);
    const key = signature(args);
    let entry = cache.get(key);
    if (!entry) {
      const traced = traceTree(f, args);
      if (!isReady(traced.graph, leaves))
        return rebuild(traced.result, inline(traced.graph, leaves));
      entry = { traced, program: compileGraph(traced.graph, options) };
      cache.set(key, entry);
    }
    last = entry.program;
    const out = entry.program.run(leaves.map((t) => t.data));
    return rebuild(
      entry.traced.result,
      out.map((data, i) => concrete(data!, entry.traced.graph.outputs[i])),
    );
  };
  return Object.assign(compiled, {
    explain: () => last?.explain() ?? "not compiled yet: call it once",
    original: f,
  }) as unknown as F & Jitted<F>;
}
