/**
 * Where the time of a step goes: each kernel of a program is called alone, again and again, and
 * counted as often as the loops around it call it. Cold caches are not seen this way, so the sum is
 * a little less than the step.
 */
import { compile } from "../packages/retrograd/src/nest/compile.ts";
import { type Kernel, kernelsOf } from "../packages/retrograd/src/nest/nest.ts";
import { type Function, module } from "../packages/retrograd/src/targets/wasm/encode.ts";
import { abilities, hasRelaxed } from "../packages/retrograd/src/targets/wasm/index.ts";
import { printKernel } from "../packages/retrograd/src/targets/wasm/kernel.ts";
import type { Graph } from "../packages/retrograd/src/tensor/graph.ts";
import { ceilingSlice } from "./ceiling.ts";

export interface ProfileRow {
  readonly kernel: Kernel;
  /** Calls in one step. */
  readonly calls: number;
  readonly ms: number;
  readonly gflops: number;
}

/** Time every kernel of a graph whose first inputs are resident. */
export function profile(graph: Graph, residents: number): ProfileRow[] {
  const resident = Array.from({ length: residents }, (_, i) => [i, i] as const);
  const { schedule, peakBytes } = compile(graph, abilities(), { resident });
  const found: { kernel: Kernel; calls: number; printed: ReturnType<typeof printKernel> }[] = [];
  kernelsOf(schedule.main, (kernel, loops) => {
    const calls = loops.reduce((n, { count }) => n * count, 1);
    found.push({ kernel, calls, printed: printKernel(kernel, hasRelaxed()) });
  });
  const memory = new WebAssembly.Memory({ initial: Math.ceil(peakBytes / 65536) + 1 });
  new Float32Array(memory.buffer).fill(0.01);
  const functions: Function[] = found.map(({ printed }) => printed);
  const names = new Map(functions.map((_, i) => [`kernel${i}`, i]));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module(functions, names)), {
    m: { m: memory },
  });
  return found.map(({ kernel, calls, printed }, i) => {
    const f = instance.exports[`kernel${i}`] as (...indices: number[]) => void;
    const indices = printed.indices.map(() => 0);
    const runs = Math.max(3, Math.min(2000, Math.round(3e7 / (kernel.flops + 1e5))));
    const pass = () => {
      for (let r = 0; r < runs; r++) f(...indices);
    };
    pass();
    pass();
    const start = performance.now();
    pass();
    const each = (performance.now() - start) / runs;
    return { kernel, calls, ms: each * calls, gflops: kernel.flops / each / 1e6 };
  });
}

const SHOWN = 20;

/** The dearest kernels as text. */
export function showProfile(rows: readonly ProfileRow[], target: "wasm" | "native"): string {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  const head = `${rows.length} kernels, ${total.toFixed(2)} ms, ceiling ${ceilingSlice(target).toFixed(1)} GFLOP/s`;
  const dearest = [...rows].sort((a, b) => b.ms - a.ms).slice(0, SHOWN);
  const lines = dearest.map(({ kernel, calls, ms, gflops }) => {
    const [cost, rate] = [ms.toFixed(3).padStart(9), gflops.toFixed(1).padStart(6)];
    return `${cost} ms ${rate} GFLOP/s ${String(calls).padStart(5)} × ${kernel.name}: ${kernel.note}`;
  });
  return [head, ...lines].join("\n");
}
