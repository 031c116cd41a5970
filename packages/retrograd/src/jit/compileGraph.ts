/** From a graph to a program of a target, with the options that every way of compiling shares. */
import { checkOptions, fail } from "../errors.ts";
import type { CompileOptions, Program } from "../nest/program.ts";
import type { Graph } from "../tensor/graph.ts";
import { showType, type Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import { targetNamed } from "./target.ts";

export type TargetName = "auto" | "wasm" | "native" | "reference";
export interface JitOptions {
  /** What the program runs on; "auto" is the fastest that runs here. */
  target?: TargetName;
  /** Bytes that the program may need at most. */
  memoryLimit?: number;
}

/** @throws "unknown-option", "bad-argument", "target-missing", before anything is traced */
export function checkJitOptions(where: string, options: JitOptions): void {
  checkOptions(where, options, ["target", "memoryLimit"]);
  const { target = "auto", memoryLimit = 1 } = options;
  targetNamed(target);
  if (typeof memoryLimit !== "number" || !(memoryLimit > 0))
    fail("bad-argument", {
      where: `memoryLimit of ${where}`,
      given: String(memoryLimit),
      expected: "a number of bytes above 0",
    });
}

/** @throws "out-of-memory", "target-missing" */
export const compileGraph = (
  graph: Graph,
  { target = "auto", ...options }: JitOptions & CompileOptions,
): Program => targetNamed(target).compile(graph, options);

/** Equal for arguments that one program serves: same trees, same keys, same types. */
export const signature = (args: readonly unknown[]): string =>
  JSON.stringify(mapTree(args, (t: Tensor) => showType(t)));
