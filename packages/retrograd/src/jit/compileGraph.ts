/** From a graph to a program of a target, with the options that every way of compiling shares. */
import { compilerMessages } from "../errors/compiler.ts";
import { checkOptions, fail, notice, oneOf, RetrogradError } from "../errors.ts";
import type {
  CompileOptions,
  Footprint,
  Missing,
  Program,
  Sharding,
  Weights,
} from "../nest/program.ts";
import { ranks } from "../targets/ranks.ts";
import type { Graph } from "../tensor/graph.ts";
import { showType, type Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import { checkShards, type Shards } from "./shards.ts";
import { isWorthNative, nativeMissing, targetNamed } from "./target.ts";
import { workOf } from "./work.ts";

export type TargetName = "auto" | "wasm" | "native" | "reference";
export interface JitOptions {
  /** What the program runs on; "auto" is the fastest that runs here for so much work. */
  target?: TargetName;
  /** Bytes that the program may need at most. */
  memoryLimit?: number;
  /**
   * How weights of products are kept that the program only reads, as a stream's: bfloat16 halves
   * what a call reads from memory, and rounds them to 8 bits of precision. Those of fewer columns
   * than a vector has lanes stay float32.
   */
  weights?: Weights;
  /** Run as several equal shards, each on a thread of its own. */
  shards?: Shards;
}

const WEIGHTS: readonly Weights[] = ["float32", "bfloat16"];
/** @throws "unknown-option", "bad-argument", "target-missing", before anything is traced */
export function checkJitOptions(where: string, options: JitOptions): void {
  checkOptions(where, options, ["target", "memoryLimit", "weights", "shards"]);
  const { target = "auto", memoryLimit = 1, weights = "float32", shards } = options;
  targetNamed(target);
  if (shards) checkShards(where, shards);
  oneOf(`weights of ${where}`, weights, WEIGHTS);
  if (weights !== "float32" && target === "reference")
    fail("bad-argument", {
      where: `weights of ${where}`,
      given: `${weights} on the target reference, which computes in float64`,
      expected: 'target: "wasm" or "native"',
    });
  if (typeof memoryLimit !== "number" || !(memoryLimit > 0))
    fail("bad-argument", {
      where: `memoryLimit of ${where}`,
      given: String(memoryLimit),
      expected: "a number of bytes above 0",
    });
}

type Options = Omit<JitOptions, "shards"> & CompileOptions;

/**
 * The program of a graph. Where nobody named a target and native cannot be had, another one serves,
 * and the program says why.
 * @throws "out-of-memory", "target-missing", "shards-missing", "compiler-failed"
 */
export function compileGraph(graph: Graph, options: Options): Program {
  const { found, own, without } = chosen(graph, options);
  try {
    const program = found.compile(graph, own);
    return without?.tell ? remarked(program, found.name, without) : program;
  } catch (error) {
    // Ranks of two targets would drift apart.
    const mayDiffer = (options.target ?? "auto") === "auto" && !own.shards?.ranks;
    if (!mayDiffer || !isFromCompiler(error)) throw error;
    const other = targetNamed("auto").name as TargetName;
    const reason = `the C compiler ${error.data.command} fails (${error.data.said})`;
    const cure = `Put that right, or use target: "${other}".`;
    return remarked(compileGraph(graph, { ...options, target: other }), other, { reason, cure });
  }
}

const isFromCompiler = (error: unknown): error is RetrogradError =>
  error instanceof RetrogradError && error.code === "compiler-failed";

/** A program that says why it is not a native one. */
function remarked(program: Program, target: string, { reason, cure }: Missing): Program {
  const told = notice(compilerMessages, "target-instead", { target, reason, cure });
  return {
    ...program,
    explain: () => `${told.text}\n${program.explain()}`,
    remarks: [...(program.remarks ?? []), told],
  };
}

/**
 * What the program of a graph takes, without making it.
 * @throws "target-missing", "shards-missing"
 */
export function planGraph(graph: Graph, options: Options): Footprint {
  const { found, own } = chosen(graph, options);
  return found.plan(graph, own);
}

/** The target, and what it is told. */
function chosen(graph: Graph, { target = "auto", ...options }: Options) {
  const work = target === "auto" ? workOf(graph) : 0;
  const found = targetNamed(target, work);
  const without = isWorthNative(work) ? nativeMissing() : undefined;
  const shards = options.shards && onRanks(options.shards);
  const missing = shards && found.alone?.(shards.ranks !== undefined);
  if (missing) fail("shards-missing", { target: found.name, shards: shards.count, ...missing });
  return { found, own: { ...options, shards }, without };
}

/** Shards are processes where as many have joined. */
function onRanks(shards: Sharding): Sharding {
  const all = ranks();
  return all?.count === shards.count ? { ...shards, ranks: all } : shards;
}

/** Equal for arguments that one program serves: same trees, same keys, same types. */
export const signature = (args: readonly unknown[]): string =>
  JSON.stringify(mapTree(args, (t: Tensor) => showType(t)));
