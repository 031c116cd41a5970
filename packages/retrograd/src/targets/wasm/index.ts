/**
 * The Wasm target: a module with one function per kernel and one that walks the schedule. Runs
 * wherever WebAssembly has 128-bit lanes; multiply-adds through relaxed SIMD where the engine has
 * it.
 */

import { compile } from "../../nest/compile.ts";
import { type Abilities, type Item, kernelsOf, resolve, type Schedule } from "../../nest/nest.ts";
import type { CompileOptions, Footprint, Program } from "../../nest/program.ts";
import { partName, segmentsOf } from "../../nest/segments.ts";
import type { Graph } from "../../tensor/graph.ts";
import { footprintOf, granted, inArena, type Loaded, threadsOf } from "../arena.ts";
import {
  ADD_I32,
  type Bytes,
  type Function,
  globalGet,
  I32,
  int,
  localGet,
  localSet,
  localTee,
  module,
  PAGE,
  simd,
  unsigned,
  VOID,
} from "./encode.ts";
import { printKernel } from "./kernel.ts";
import { FIRST, ORIGIN, together } from "./shards.ts";
import type { TeamFunctions } from "./team.ts";
import { number } from "./value.ts";

/** Asks the engine whether it knows a vector instruction of three operands. */
const knows = (op: number): boolean => {
  const zero = number(0, "float32", 4),
    code = [...zero, ...zero, ...zero, ...simd(op), 0x1a];
  return WebAssembly.validate(
    module([{ parameters: 0, locals: [], code, name: "probe" }], new Map()),
  );
};
let relaxed: boolean | undefined;
/** Multiply-add in one instruction. */
export const hasRelaxed = (): boolean => (relaxed ??= knows(0x105));
/** 128-bit lanes at all. */
export const hasLanes = (): boolean => knows(0x52);

export const abilities = (): Abilities => ({
  vectorBytes: 16,
  fma: hasRelaxed(),
  registers: 16,
  prefetch: false,
});

/**
 * The module of a schedule: `setup` after residents are written, `run` at each call, and `run1`, …
 * where it is cut by sums that somebody else makes. That of a team makes them itself, has `meet`
 * and `serve` too, and works in the shared memory of the team.
 */
export function assemble(schedule: Schedule, team?: TeamFunctions): Uint8Array<ArrayBuffer> {
  const functions: Function[] = team?.functions ?? [];
  const origin = team ? globalGet(ORIGIN) : int(0);
  const calls = new Map<object, { id: number; indices: readonly string[] }>();
  for (const items of [schedule.setup, schedule.main])
    kernelsOf(items, (kernel) => {
      const f = printKernel(kernel, hasRelaxed(), team !== undefined);
      calls.set(kernel, { id: functions.push(f) - 1, indices: f.indices });
    });
  const driver = (name: string, items: readonly Item[]): number => {
    const locals = new Map<string, number>();
    const local = (index: string): number => {
      const id = locals.get(index) ?? locals.size;
      locals.set(index, id);
      return id;
    };
    const walk = (list: readonly Item[]): Bytes =>
      list.flatMap((item): Bytes => {
        if (item.kind === "kernel") {
          const { id, indices } = calls.get(item.kernel)!;
          return [...indices.flatMap((i) => localGet(local(i))), 0x10, ...unsigned(id)];
        }
        if (item.kind === "while")
          return [
            0x02,
            VOID,
            0x03,
            VOID,
            ...walk(item.condition),
            ...origin,
            0x28,
            2,
            ...unsigned(resolve(item.flag).offset!),
            0x45,
            0x0d,
            1,
            ...walk(item.body),
            0x0c,
            0,
            0x0b,
            0x0b,
          ];
        if (item.kind === "collective") return team!.addUp(item);
        if (item.count <= 0) return [];
        const i = local(item.index),
          [first, step, end] = item.reverse ? [item.count - 1, -1, -1] : [0, 1, item.count];
        return [
          ...int(first),
          ...localSet(i),
          0x03,
          VOID,
          ...walk(item.body),
          ...localGet(i),
          ...int(step),
          ADD_I32,
          ...localTee(i),
          ...int(end),
          0x47,
          0x0d,
          0,
          0x0b,
        ];
      });
    const code = walk(items);
    return functions.push({ parameters: 0, locals: [...locals].map(() => I32), code, name }) - 1;
  };
  const parts = team ? [schedule.main] : segmentsOf(schedule).parts;
  const exported = new Map([
    ["setup", driver("setup", schedule.setup)],
    ...parts.map((items, k) => [partName(k), driver(partName(k), items)] as const),
  ]);
  if (team) {
    exported.set("meet", team.meet);
    exported.set("serve", team.serve(exported.get("run")!));
  }
  return module(functions, exported, team?.pages);
}

/** Compile a graph to a program in a memory of its own. @throws "out-of-memory" */
export function compileWasm(graph: Graph, options: CompileOptions): Program {
  const compiled = compile(graph, abilities(), options);
  const shards = threadsOf(options.shards);
  return inArena(compiled, options, 2 ** 32 - PAGE - shards * FIRST, (bytes) =>
    shards === 1 ? alone(compiled.schedule, bytes) : together(compiled.schedule, bytes, shards),
  );
}

export const planWasm = (graph: Graph, options: CompileOptions): Footprint =>
  footprintOf(compile(graph, abilities(), options), options);

export const memoryOf = (pages: WebAssembly.MemoryDescriptor): WebAssembly.Memory =>
  granted(pages.initial * PAGE, () => new WebAssembly.Memory(pages));

function alone(schedule: Schedule, bytes: number): Loaded {
  const memory = memoryOf({ initial: Math.max(1, Math.ceil(bytes / PAGE)) });
  const code = new WebAssembly.Module(assemble(schedule));
  const { exports } = new WebAssembly.Instance(code, { m: { m: memory } });
  const functions = exports as Record<string, () => void>;
  const run = segmentsOf(schedule).parts.map((_, k) => functions[partName(k)]);
  return { buffer: memory.buffer, starts: [0], setup: functions.setup, run };
}
