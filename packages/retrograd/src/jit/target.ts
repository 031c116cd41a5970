/** The targets by name, and what each must offer. */
import { fail, oneOf } from "../errors.ts";
import type { CompileOptions, Footprint, Missing, Program } from "../nest/program.ts";
import { compileReference, planReference } from "../targets/reference.ts";
import { compileWasm, hasLanes, planWasm } from "../targets/wasm/index.ts";
import { threadsMissing } from "../targets/wasm/shards.ts";
import type { Graph } from "../tensor/graph.ts";
import { workOf } from "./work.ts";

export interface Target {
  readonly name: string;
  /** Undefined when it can run here. */
  missing(): Missing | undefined;
  /**
   * Why it runs only one shard here; without it, or where it is undefined, it runs several.
   * @param ranks  shards are processes
   */
  alone?(ranks: boolean): Missing | undefined;
  compile(graph: Graph, options: CompileOptions): Program;
  /** What the program of a graph takes, without making it. */
  plan(graph: Graph, options: CompileOptions): Footprint;
}

const targets = new Map<string, Target>();
/** Another of the same name takes its place. */
export function registerTarget(target: Target): void {
  targets.set(target.name, target);
}
/** All that are known, whether they can run here or not. */
export const allTargets = (): readonly Target[] => [...targets.values()];

/** A C compiler takes a second for what Wasm has in milliseconds: a call must be worth it. */
const WORTH_COMPILING = 2e7;

/** Why native does not run here; undefined where it does. */
export const nativeMissing = (): Missing | undefined => targets.get("native")!.missing();
/** Whether a call of so much work is worth a C compiler's time. */
export const isWorthNative = (work: number): boolean => work >= WORTH_COMPILING;

/**
 * The target of that name. "auto" is the fastest that runs here for calls of so much work: native
 * for large ones, where it can run, and else the first that does.
 * @param work  scalar operations of a call
 * @throws "unknown-option", "target-missing"
 */
export function targetNamed(name: string, work = 0): Target {
  if (name === "auto") {
    if (isWorthNative(work) && !nativeMissing()) return targets.get("native")!;
    return allTargets().find((t) => !t.missing())!;
  }
  const target = targets.get(oneOf("target", name, ["auto", ...targets.keys()]))!;
  const missing = target.missing();
  if (missing) fail("target-missing", { target: name, ...missing });
  return target;
}

const engine = `Use target: "reference", or an engine with WebAssembly SIMD (Node ≥ 20, any browser of today).`;
registerTarget({
  name: "wasm",
  missing: () =>
    typeof WebAssembly === "undefined"
      ? { reason: "there is no WebAssembly", cure: engine }
      : hasLanes()
        ? undefined
        : { reason: "this engine's WebAssembly has no SIMD", cure: engine },
  alone: (ranks) => (ranks ? undefined : threadsMissing()),
  compile: compileWasm,
  plan: planWasm,
});
registerTarget({
  name: "reference",
  missing: () => undefined,
  alone: (ranks) =>
    ranks
      ? {
          reason: "it evaluates all shards in one process",
          cure: `Use target: "wasm" or "native".`,
        }
      : undefined,
  compile: compileReference,
  plan: (graph, options) => planReference(graph, options, workOf(graph)),
});
function absent(): never {
  throw new Error("the native target comes with retrograd/node");
}
/** In the place of the one that "retrograd/node" brings: a browser has no C compiler. */
registerTarget({
  name: "native",
  missing: () => ({
    reason: `it comes with "retrograd/node", which is not imported`,
    cure: `Import retrograd/node first in Node; elsewhere use target: "wasm".`,
  }),
  compile: absent,
  plan: absent,
});
