/** The targets by name, and what each must offer. */
import { fail } from "../errors.ts";
import type { CompileOptions, Program } from "../nest/program.ts";
import { compileReference } from "../targets/reference.ts";
import { compileWasm, hasLanes } from "../targets/wasm/index.ts";
import type { Graph } from "../tensor/graph.ts";

export interface Target {
  readonly name: string;
  /** Why it cannot run here; undefined when it can. */
  missing(): string | undefined;
  compile(graph: Graph, options: CompileOptions): Program;
}

const targets = new Map<string, Target>();
/** In order of preference for "auto", fastest first. */
export function registerTarget(target: Target): void {
  targets.set(target.name, target);
}

/** The target of that name; "auto" is the first one that runs here. @throws "target-missing" */
export function targetNamed(name: string): Target {
  if (name === "auto") return [...targets.values()].find((t) => !t.missing())!;
  const target = targets.get(name);
  if (!target)
    fail("unknown-option", {
      where: "target",
      given: name,
      known: ["auto", ...targets.keys()].join(", "),
    });
  const reason = target.missing();
  if (reason) fail("target-missing", { target: name, reason });
  return target;
}

registerTarget({
  name: "wasm",
  missing: () =>
    typeof WebAssembly === "undefined"
      ? "there is no WebAssembly"
      : hasLanes()
        ? undefined
        : "this engine's WebAssembly has no SIMD",
  compile: compileWasm,
});
registerTarget({ name: "reference", missing: () => undefined, compile: compileReference });
