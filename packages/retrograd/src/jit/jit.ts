/**
 * jit: a function traced per types of its arguments, compiled once for each, cached.
 *
 *   const fast = jit((x: Tensor) => x.tanh().sum());
 */

import type { Program } from "../nest/program.ts";
import { inline } from "../tensor/graph.ts";
import { concrete } from "../tensor/tensor.ts";
import { flattenArguments, rebuild } from "../tensor/tree.ts";
import { spread } from "../transform/batched.ts";
import { isReady } from "../transform/function.ts";
import { checkJitOptions, compileGraph, type JitOptions, signature } from "./compileGraph.ts";
import { type Spread, traceShards } from "./shards.ts";

export { compileGraph, type JitOptions, type TargetName } from "./compileGraph.ts";
export { type Resident, resident } from "./resident.ts";
export { MOST_SHARDS, type Shards } from "./shards.ts";

export interface Jitted<F> {
  (...args: any[]): any;
  /** What the compiler made of the last call. */
  explain(): string;
  readonly original: F;
}

/** Programs of one function; each has a memory of its own, so the one unused longest is dropped. */
const KEPT = 64;

/**
 * Compile `f` for the types of its arguments, once per types.
 *
 * What `f` captures from outside is a constant of the program, taken at the first call. Where an
 * argument or a captured tensor is being traced, `f` becomes part of that trace instead.
 *
 * @param f  function of trees of tensors, returning a tree of tensors
 * @throws "unknown-option", "target-missing", "out-of-memory"; of shards: "shard-rows",
 *   "shards-missing", "shard-lost"
 */
export function jit<F extends (...args: any[]) => unknown>(
  f: F,
  options: JitOptions = {},
): F & Jitted<F> {
  checkJitOptions("jit", options);
  const { shards } = options,
    outputs = shards?.outputs;
  const cache = new Map<string, { program: Program; traced: Spread }>();
  let last: Program | undefined;
  const compiled = (...args: unknown[]) => {
    const leaves = flattenArguments(args, "jit");
    if (leaves.some((t) => !t.isConcrete)) return f(...args);
    const key = signature(args);
    let entry = cache.get(key);
    if (!entry) {
      const traced = traceShards(f, args, "jit", shards, (result) => spread(outputs, result));
      if (!isReady(traced.graph, leaves))
        return rebuild(traced.result, inline(traced.graph, leaves));
      entry = {
        traced,
        program: compileGraph(traced.graph, { ...options, shards: traced.sharding }),
      };
      if (cache.size === KEPT) cache.delete(cache.keys().next().value!);
    }
    cache.delete(key);
    cache.set(key, entry); // now the youngest
    last = entry.program;
    const out = entry.program.run(leaves.map((t) => t.data));
    return rebuild(
      entry.traced.result,
      out.map((data, i) => concrete(data!, entry.traced.outputs[i])),
    );
  };
  return Object.assign(compiled, {
    explain: () => last?.explain() ?? "not compiled yet: call it once",
    original: f,
  }) as unknown as F & Jitted<F>;
}
