/**
 * A program that a test can look into: the schedule for chosen abilities, and a memory that is filled
 * with NaN before every run, save for what a program may rely on. A kernel that reads a place before
 * it is written, or a plan that gives one place to two living values, shows in the outputs.
 */
import { optimise } from "../../src/compile/index.ts";
import { type Compiled, compileOptimised } from "../../src/nest/compile.ts";
import { type Abilities, type Buffer, kernelsOf, resolve } from "../../src/nest/nest.ts";
import type { CompileOptions } from "../../src/nest/program.ts";
import { bytesOf, type Data } from "../../src/scalar/dtype.ts";
import { assemble } from "../../src/targets/wasm/index.ts";
import type { Graph } from "../../src/tensor/graph.ts";

export const FUSED: Abilities = { vectorBytes: 16, fma: true, registers: 16, prefetch: false };
export const PLAIN: Abilities = { ...FUSED, fma: false };

export interface MachineOptions extends CompileOptions {
  /** Rows that chunks of time loops aim at: few of them cut short loops too. */
  rows?: number;
}

export function machine(graph: Graph, can: Abilities = PLAIN, options: MachineOptions = {}) {
  const compiled = compileOptimised(optimise(graph, options.rows), can, options);
  const { schedule, inputs, outputs, peakBytes } = compiled;
  const bytes = assemble(schedule);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(peakBytes / 65536) + 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    m: { m: memory },
  });
  const { run, setup } = exports as { run(): void; setup(): void };
  const arena = new Uint8Array(memory.buffer);
  const at = (b: Buffer): Data => {
    const { offset } = resolve(b);
    if (b.dtype === "float32") return new Float32Array(memory.buffer, offset, b.length);
    if (b.dtype === "float64") return new Float64Array(memory.buffer, offset, b.length);
    return new Int32Array(memory.buffer, offset, b.length);
  };
  const lasting = schedule.buffers.filter(
    (b) => (b.kind === "resident" || b.kind === "constant") && resolve(b).offset !== undefined,
  );
  const residents = new Set((options.resident ?? []).map(([i]) => i));
  let stale = true;

  /** Everything becomes NaN (−1 in integers) but residents, constants, and what is packed of them. */
  const poison = () => {
    const saved = lasting.map((b) => {
      const { offset = 0 } = resolve(b);
      return { offset, bytes: arena.slice(offset, offset + b.length * bytesOf(b.dtype)) };
    });
    arena.fill(0xff);
    for (const { offset, bytes } of saved) arena.set(bytes, offset);
  };
  return {
    ...compiled,
    bytes,
    notes: schedule.notes,
    kernels: notesOf(compiled),
    write(i: number, data: Data) {
      at(inputs[i]).set(data);
      stale = true;
    },
    read: (i: number): Data => at(inputs[i]).slice(),
    run(data: readonly (Data | undefined)[]): Data[] {
      poison();
      for (const b of schedule.buffers) if (b.kind === "constant") at(b).set(b.data!);
      data.forEach((x, i) => residents.has(i) || at(inputs[i]).set(x!));
      if (stale) setup();
      stale = false;
      run();
      return outputs.map((b) =>
        resolve(b).offset === undefined ? new Float64Array(0) : at(b).slice(),
      );
    },
  };
}

/** One line for each kernel: its name and what was done to it. */
function notesOf({ schedule }: Compiled): string[] {
  const lines: string[] = [];
  for (const items of [schedule.setup, schedule.main])
    kernelsOf(items, ({ name, note }) => lines.push(`${name}: ${note}`));
  return lines;
}
