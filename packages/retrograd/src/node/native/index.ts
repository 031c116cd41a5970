/**
 * The native target: the printed C, compiled once by the system's compiler, kept, and called
 * through koffi with the address of the arena. Importing this file makes the target known.
 */
import { createRequire } from "node:module";
import { fail } from "../../errors.ts";
import { registerTarget } from "../../jit/target.ts";
import { compile } from "../../nest/compile.ts";
import type { CompileOptions, Missing, Program } from "../../nest/program.ts";
import { inArena, type Loaded } from "../../targets/arena.ts";
import { printC } from "../../targets/native/index.ts";
import type { Graph } from "../../tensor/graph.ts";
import { cached } from "./cache.ts";
import { type Compiler, compileC, compiler } from "./compiler.ts";

/** The part of koffi that is used here. */
interface Koffi {
  load(path: string): { func(prototype: string): (...given: number[]) => number };
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
  /** All shards, whose arenas lie `stride` bytes apart. @throws "shard-lost" */
  run(first: number, stride: number): void;
}

function open(path: string, shards: number): Library {
  const library = koffi()!.load(path);
  const setup = library.func("void setup(uintptr_t arena)");
  if (shards === 1) {
    const run = library.func("void run(uintptr_t arena)");
    return { setup, run: (first) => run(first) };
  }
  const run = library.func("int run(uintptr_t first, long stride)");
  return {
    setup,
    run(first, stride) {
      const refused = run(first, stride);
      if (refused)
        fail("shard-lost", { shard: undefined, reason: `no thread was given (error ${refused})` });
    },
  };
}

const build = (cc: Compiler, source: string, shards: number): Library =>
  cached(
    `${cc.identity}\n${source}`,
    (path) => compileC(cc, source, path),
    (path) => open(path, shards),
  );

/** Vectors begin at multiples of a cache line, and arenas at pages of their own. */
const ALIGN = 64,
  PAGE = 4096;

interface Arenas {
  readonly buffer: ArrayBuffer;
  readonly starts: readonly number[];
  /** Address of the first, and bytes from one to the next. */
  readonly first: number;
  readonly stride: number;
}

/** An ArrayBuffer's bytes never move, and live as long as the program, which holds them. */
function arenasOf(bytes: number, shards: number): Arenas {
  const stride = shards === 1 ? bytes : Math.ceil(bytes / PAGE) * PAGE;
  try {
    const buffer = new ArrayBuffer(shards * stride + ALIGN);
    const address = Number(koffi()!.address(buffer));
    const start = (ALIGN - (address % ALIGN)) % ALIGN;
    const starts = Array.from({ length: shards }, (_, k) => start + k * stride);
    return { buffer, starts, first: address + start, stride };
  } catch (error) {
    if (error instanceof RangeError) fail("out-of-memory", { needed: shards * bytes, limit: 0 });
    throw error;
  }
}

/** Compile a graph to a library of its own. @throws "out-of-memory", "compiler-failed" */
export function compileNative(graph: Graph, options: CompileOptions): Program {
  const cc = compiler()!,
    shards = options.shards?.count ?? 1;
  const compiled = compile(graph, cc.can, options);
  const program = inArena(compiled, options, Number.MAX_SAFE_INTEGER, (bytes): Loaded => {
    const { setup, run } = build(cc, printC(compiled.schedule, cc.can, shards), shards);
    const { buffer, starts, first, stride } = arenasOf(bytes, shards);
    return {
      ...{ buffer, starts },
      setup: () => starts.forEach((_, k) => setup(first + k * stride)),
      run: () => run(first, stride),
    };
  });
  const { vectorBytes } = cc.can;
  const head = `target native: C by ${cc.version}, vectors of ${vectorBytes / 4} floats`;
  return { ...program, explain: () => `${head}\n${program.explain()}` };
}

registerTarget({ name: "native", missing, compile: compileNative });
