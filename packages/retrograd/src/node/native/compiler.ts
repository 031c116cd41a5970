/**
 * The system's C compiler: what it can do on this machine, and a shared library from a C file. It
 * is asked once per process; its answer (version, features of the processor) is part of the name
 * under which a library is kept, so that neither an update nor another machine meets an old one.
 */
import { spawnSync } from "node:child_process";
import { arch, cpus } from "node:os";
import { fail } from "../../errors/targets.ts";
import { RetrogradError } from "../../errors.ts";
import type { Abilities } from "../../nest/nest.ts";
import { cached } from "./cache.ts";
import { koffi, type Library } from "./koffi.ts";

export interface Compiler {
  readonly command: string;
  readonly flags: readonly string[];
  /** Name and version, for people. */
  readonly version: string;
  readonly can: Abilities;
  /** Equal where the same C file becomes the same library. */
  readonly identity: string;
}

/** ARM's compilers call it the processor, where others call it the architecture. */
const MACHINE = arch() === "arm64" ? "-mcpu=native" : "-march=native";
/**
 * Never -ffast-math: sums keep their order, and NaN and −0 their meaning. Products may join sums
 * (once rounded instead of twice), integers wrap, and nobody reads errno or traps.
 */
const FLAGS = [
  ...["-O2", MACHINE, "-ffp-contract=fast", "-fwrapv", "-fno-math-errno", "-fno-trapping-math"],
  ...["-shared", "-fPIC", "-w"],
];

/** What the compiler of this system is called: `cc`, unless CC says otherwise. */
export const compilerName = (): string => process.env.CC || "cc";

/** Milliseconds until a compiler is given up: one that says what it can do, and one that works. */
const ASKING = 30_000,
  COMPILING = 300_000;

let found: Compiler | undefined | null = null;
/** The compiler of this system; undefined without one. */
export function compiler(): Compiler | undefined {
  if (found === null) found = look(compilerName());
  return found;
}

function look(command: string): Compiler | undefined {
  const { status, stdout } = spawnSync(command, [MACHINE, "-dM", "-E", "-x", "c", "-"], {
    ...{ input: "", encoding: "utf8", timeout: ASKING },
  });
  if (status !== 0) return undefined;
  const macros = new Map(
    stdout.split("\n").map((line) => {
      const [, name, ...value] = line.split(" ");
      return [name, value.join(" ")] as const;
    }),
  );
  const wide = macros.has("__AVX512F__");
  const vectorBytes = wide ? 64 : macros.has("__AVX2__") ? 32 : 16;
  // Some processors would rather have half a vector; the tiles are made for a whole one.
  const flags = [...FLAGS, ...(wide ? ["-mprefer-vector-width=512"] : [])];
  // GCC spends a third of its time on choosing induction variables; the code is no faster for it.
  if (!macros.has("__clang__")) flags.push("-fno-ivopts");
  const fma = macros.has("__FMA__") || macros.has("__ARM_FEATURE_FMA");
  const registers = wide || arch() === "arm64" ? 32 : 16;
  const version = (macros.get("__VERSION__") ?? "").replaceAll('"', "");
  const name = macros.has("__clang__") ? "" : "gcc ";
  return {
    command,
    flags,
    version: `${name}${version}`,
    can: { vectorBytes, fma, registers, prefetch: true },
    identity: [command, ...flags, cpus()[0]?.model, stdout].join("\n"),
  };
}

/** Compile a C file to a shared library at `path`. @throws "compiler-failed" */
export function compileC({ command, flags }: Compiler, source: string, path: string): void {
  const { status, signal, stderr, error } = spawnSync(
    command,
    [...flags, "-x", "c", "-", "-o", path, "-lm", "-lpthread"],
    { input: source, encoding: "utf8", timeout: COMPILING },
  );
  if (status === 0) return;
  const said = (stderr ?? "").trim().split("\n").slice(0, 3).join("; ") || error?.message;
  const end = signal ? `by the signal ${signal}` : `with status ${status}`;
  fail("compiler-failed", { command, said: said || `it ended ${end}` });
}

/** A C file as a library: compiled once, and kept. @throws "compiler-failed" */
export function libraryOf(cc: Compiler, source: string): Library {
  const build = (path: string) => compileC(cc, source, path);
  try {
    return cached(`${cc.identity}\n${source}`, build, (path) => koffi()!.load(path));
  } catch (error) {
    if (error instanceof RetrogradError) throw error;
    // No place to write to, or a system that does not load what was written.
    return fail("compiler-failed", { command: cc.command, said: (error as Error).message });
  }
}
