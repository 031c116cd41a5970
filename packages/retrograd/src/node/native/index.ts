/**
 * The native target: the printed C, compiled once by the system's compiler, kept, and called
 * through koffi with the address of the arena. Importing this file makes the target known.
 */
import { createRequire } from "node:module";
import { fail } from "../../errors.ts";
import { type Missing, registerTarget } from "../../jit/target.ts";
import { compile } from "../../nest/compile.ts";
import type { CompileOptions, Program } from "../../nest/program.ts";
import { inArena, type Loaded } from "../../targets/arena.ts";
import { printC } from "../../targets/native/index.ts";
import type { Graph } from "../../tensor/graph.ts";
import { cached } from "./cache.ts";
import { type Compiler, compileC, compiler } from "./compiler.ts";

/** The part of koffi that is used here. */
interface Koffi {
  load(path: string): { func(prototype: string): (address: number) => void };
  address(data: ArrayBuffer): bigint;
}

let found: Koffi | undefined | null = null;
/** koffi is optional: whoever wants this target installs it. */
function koffi(): Koffi | undefined {
  if (found !== null) return found;
  try {
    found = createRequire(import.meta.url)("koffi") as Koffi;
  } catch {
    found = undefined;
  }
  return found;
}

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

/** Vectors begin at multiples of a cache line. */
const ALIGN = 64;

/** An ArrayBuffer's bytes never move, and live as long as the program, which holds them. */
function arenaOf(bytes: number): { buffer: ArrayBuffer; start: number; address: number } {
  try {
    const buffer = new ArrayBuffer(bytes + ALIGN);
    const first = Number(koffi()!.address(buffer));
    const start = (ALIGN - (first % ALIGN)) % ALIGN;
    return { buffer, start, address: first + start };
  } catch (error) {
    if (error instanceof RangeError) fail("out-of-memory", { needed: bytes, limit: 0 });
    throw error;
  }
}

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
