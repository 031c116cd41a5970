/**
 * The Wasm target: a module with one function per kernel and one that walks the schedule. Runs
 * wherever WebAssembly has 128-bit lanes; multiply-adds through relaxed SIMD where the engine has
 * it.
 */

import { fail } from "../../errors.ts";
import { compile } from "../../nest/compile.ts";
import { type Abilities, type Buffer, type Item, resolve, type Schedule } from "../../nest/nest.ts";
import type { CompileOptions, Program } from "../../nest/program.ts";
import type { Data, DType } from "../../scalar/dtype.ts";
import type { Graph } from "../../tensor/graph.ts";
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

export const abilities = (): Abilities => ({ vectorBytes: 16, fma: hasRelaxed(), registers: 16 });

/** The module of a schedule: `setup` after residents are written, `run` at each call. */
export function assemble(schedule: Schedule): Uint8Array<ArrayBuffer> {
  const functions: Function[] = [];
  const calls = new Map<object, { id: number; indices: readonly string[] }>();
  const collect = (items: readonly Item[]): void =>
    items.forEach((item) => {
      if (item.kind === "kernel") {
        const f = printKernel(item.kernel, hasRelaxed());
        calls.set(item.kernel, { id: functions.push(f) - 1, indices: f.indices });
      } else {
        if (item.kind === "while") collect(item.condition);
        collect(item.body);
      }
    });
  collect(schedule.setup);
  collect(schedule.main);
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

const viewOf = (memory: ArrayBuffer, dtype: DType, offset: number, length: number): Data =>
  dtype === "float32"
    ? new Float32Array(memory, offset, length)
    : dtype === "float64"
      ? new Float64Array(memory, offset, length)
      : new Int32Array(memory, offset, length);

const without = (list: readonly unknown[], places: readonly number[]): number[] =>
  [...list.keys()].filter((i) => !places.includes(i));

/** Compile a graph to a program in a memory of its own. @throws "out-of-memory" */
export function compileWasm(graph: Graph, options: CompileOptions): Program {
  const { schedule, inputs, outputs, peakBytes, explain } = compile(graph, abilities(), options);
  const limit = Math.min(options.memoryLimit ?? Infinity, 2 ** 32 - 65536);
  if (peakBytes > limit) fail("out-of-memory", { needed: peakBytes, limit });
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(peakBytes / 65536)) });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assemble(schedule)), {
    m: { m: memory },
  });
  const { run, setup } = instance.exports as { run(): void; setup(): void };
  const place = (b: Buffer) => viewOf(memory.buffer, b.dtype, resolve(b).offset!, b.length);
  for (const b of schedule.buffers) if (b.kind === "constant") place(b).set(b.data!);
  const into = inputs.map(place),
    from = outputs.map(place);
  const resident = options.resident ?? [];
  const given = without(
    inputs,
    resident.map(([i]) => i),
  );
  const returned = without(
    outputs,
    resident.map(([, o]) => o),
  );
  let stale = true;
  return {
    run(data) {
      for (const i of given) into[i].set(data[i]!);
      if (stale) setup();
      stale = false;
      run();
      const out: (Data | undefined)[] = Array(outputs.length);
      for (const i of returned) out[i] = from[i].slice();
      return out;
    },
    read(i) {
      return into[i].slice();
    },
    write(i, data) {
      into[i].set(data);
      stale = true;
    },
    explain,
    peakBytes,
  };
}
