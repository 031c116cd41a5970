/**
 * The native target: the printed C, compiled once by the system's compiler, kept, and called
 * through koffi with the address of the arena. Importing this file makes the target known.
 */
import { type Missing, registerTarget } from "../../jit/target.ts";
import { compile } from "../../nest/compile.ts";
import type { CompileOptions, Program } from "../../nest/program.ts";
import { inArena, type Loaded } from "../../targets/arena.ts";
import { printC } from "../../targets/native/index.ts";
import type { Graph } from "../../tensor/graph.ts";
import { arenaOf } from "./arena.ts";
import { cached } from "./cache.ts";
import { type Compiler, compileC, compiler } from "./compiler.ts";
import { koffi } from "./koffi.ts";

/** Why the target cannot run here. */
export function missing(): Missing | undefined {
  if (!koffi())
    return {
      reason: "the package koffi is not installed",
      cure: 'Run npm install koffi, or use target: "wasm".',
    };
  if (!compiler())
    return {
      reason: `there is no C compiler "${process.env.CC || "cc"}"`,
      cure: 'Install gcc or clang, name one in CC, or use target: "wasm".',
    };
  return undefined;
}

interface Library {
  setup(arena: number): void;
  run(arena: number): void;
}

function open(path: string): Library {
  const library = koffi()!.load(path);
  return {
    setup: library.func("void setup(uintptr_t arena)"),
    run: library.func("void run(uintptr_t arena)"),
  };
}

const build = (cc: Compiler, source: string): Library =>
  cached(`${cc.identity}\n${source}`, (path) => compileC(cc, source, path), open);

/** Compile a graph to a library of its own. @throws "out-of-memory", "compiler-failed" */
export function compileNative(graph: Graph, options: CompileOptions): Program {
  const cc = compiler()!;
  const compiled = compile(graph, cc.can, options);
  const program = inArena(compiled, options, Number.MAX_SAFE_INTEGER, (bytes): Loaded => {
    const { setup, run } = build(cc, printC(compiled.schedule, cc.can));
    const { buffer, start, address } = arenaOf(bytes);
    return { buffer, start, setup: () => setup(address), run: () => run(address) };
  });
  const { vectorBytes } = cc.can;
  const head = `target native: C by ${cc.version}, vectors of ${vectorBytes / 4} floats`;
  return { ...program, explain: () => `${head}\n${program.explain()}` };
}

registerTarget({ name: "native", missing, compile: compileNative });
