/**
 * The Wasm target: a module with one function per kernel and one that walks the schedule. Runs
 * wherever WebAssembly has 128-bit lanes; multiply-adds through relaxed SIMD where the engine has
 * it.
 */

import { compile } from "../../nest/compile.ts";
import { type Abilities, type Item, kernelsOf, resolve, type Schedule } from "../../nest/nest.ts";
import type { CompileOptions, Program } from "../../nest/program.ts";
import type { Graph } from "../../tensor/graph.ts";
import { inArena } from "../arena.ts";
import {
  ADD_I32,
  type Bytes,
  type Function,
  I32,
  int,
  localGet,
  localSet,
  localTee,
  module,
  simd,
  unsigned,
  VOID,
} from "./encode.ts";
import { printKernel } from "./kernel.ts";
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

/** The module of a schedule: `setup` after residents are written, `run` at each call. */
export function assemble(schedule: Schedule): Uint8Array<ArrayBuffer> {
  const functions: Function[] = [];
  const calls = new Map<object, { id: number; indices: readonly string[] }>();
  for (const items of [schedule.setup, schedule.main])
    kernelsOf(items, (kernel) => {
      const f = printKernel(kernel, hasRelaxed());
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
            ...int(0),
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
  return module(
    functions,
    new Map([
      ["setup", driver("setup", schedule.setup)],
      ["run", driver("run", schedule.main)],
    ]),
  );
}

/** Compile a graph to a program in a memory of its own. @throws "out-of-memory" */
export function compileWasm(graph: Graph, options: CompileOptions): Program {
  const compiled = compile(graph, abilities(), options);
  return inArena(compiled, options, 2 ** 32 - 65536, (bytes) => {
    const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / 65536)) });
    const code = new WebAssembly.Module(assemble(compiled.schedule));
    const { exports } = new WebAssembly.Instance(code, { m: { m: memory } });
    return { ...(exports as { run(): void; setup(): void }), buffer: memory.buffer, start: 0 };
  });
}
