/**
 * The native target: the printed C, compiled once by the system's compiler, kept, and called
 * through koffi with the address of the arena. Importing this file makes the target known.
 */
import { fileMessages } from "../../errors/files.ts";
import { fail } from "../../errors/targets.ts";
import { notice } from "../../errors.ts";
import { registerTarget } from "../../jit/target.ts";
import { compile } from "../../nest/compile.ts";
import type { CompileOptions, Footprint, Missing, Program } from "../../nest/program.ts";
import { partName, segmentsOf } from "../../nest/segments.ts";
import { footprintOf, inArena, type Loaded, threadsOf } from "../../targets/arena.ts";
import { printC } from "../../targets/native/index.ts";
import type { Graph } from "../../tensor/graph.ts";
import { arenasOf } from "./arena.ts";
import { cacheFolder, whyUnusable } from "./cache.ts";
import { compiler, compilerName, libraryOf } from "./compiler.ts";
import { koffi, type Library } from "./koffi.ts";

/** Why the target cannot run here. */
export function missing(): Missing | undefined {
  if (!koffi())
    return {
      reason: "the package koffi is not installed",
      cure: 'Run npm install koffi, or use target: "wasm".',
    };
  if (!compiler())
    return {
      reason: `there is no C compiler "${compilerName()}"`,
      cure: 'Install gcc or clang, name one in CC, or use target: "wasm".',
      tell: true,
    };
  return undefined;
}

interface Functions {
  setup(arena: number): void;
  /** All shards, whose arenas lie `stride` bytes apart. @throws "shard-lost" */
  readonly run: readonly ((first: number, stride: number) => void)[];
}

/** @param parts  of a call of one shard */
function functionsOf(library: Library, shards: number, parts: number): Functions {
  const setup = library.func("void setup(uintptr_t arena)");
  if (shards === 1) {
    const run = Array.from({ length: parts }, (_, k) => {
      const part = library.func(`void ${partName(k)}(uintptr_t arena)`);
      return (arena: number) => void part(arena);
    });
    return { setup, run };
  }
  const run = library.func("int run(uintptr_t first, long stride)");
  return {
    setup,
    run: [
      (first, stride) => {
        const refused = run(first, stride);
        if (refused)
          fail("shard-lost", {
            shard: undefined,
            reason: `no thread was given (error ${refused})`,
          });
      },
    ],
  };
}

/** Compile a graph to a library of its own. @throws "out-of-memory", "compiler-failed" */
export function compileNative(graph: Graph, options: CompileOptions): Program {
  const cc = compiler()!,
    shards = threadsOf(options.shards);
  const compiled = compile(graph, cc.can, options);
  const program = inArena(compiled, options, Number.MAX_SAFE_INTEGER, (bytes): Loaded => {
    const { buffer, starts, first, stride } = arenasOf(bytes, shards);
    const { parts } = segmentsOf(compiled.schedule);
    const source = printC(compiled.schedule, cc.can, shards);
    const { setup, run } = functionsOf(libraryOf(cc, source), shards, parts.length);
    return {
      ...{ buffer, starts },
      setup: () => starts.forEach((_, k) => setup(first + k * stride)),
      run: run.map((part) => () => part(first, stride)),
    };
  });
  const { vectorBytes } = cc.can;
  const head = `target native: C by ${cc.version}, vectors of ${vectorBytes / 4} floats`;
  const reason = whyUnusable();
  const remarks = reason
    ? [notice(fileMessages, "cache-unusable", { folder: cacheFolder(), reason })]
    : [];
  return { ...program, explain: () => `${head}\n${program.explain()}`, remarks };
}

const planNative = (graph: Graph, options: CompileOptions): Footprint =>
  footprintOf(compile(graph, compiler()!.can, options), options);

registerTarget({ name: "native", missing, compile: compileNative, plan: planNative });
