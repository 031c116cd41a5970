/**
 * Where the time of a native step goes: the printed C with the processor's clock read around each
 * kernel, run as the step runs it, so caches are as warm as they are there.
 */
import { compile } from "../packages/retrograd/src/nest/compile.ts";
import { type Kernel, kernelsOf } from "../packages/retrograd/src/nest/nest.ts";
import { arenasOf } from "../packages/retrograd/src/node/native/arena.ts";
import { compiler, libraryOf } from "../packages/retrograd/src/node/native/compiler.ts";
import { printC } from "../packages/retrograd/src/targets/native/index.ts";
import type { Graph } from "../packages/retrograd/src/tensor/graph.ts";
import type { ProfileRow } from "./profile.ts";

const STEPS = 9;

/** The program with `ticks[n]` counting the time of the n-th kernel. */
function instrumented(source: string, kernels: readonly Kernel[]): string {
  const place = new Map(kernels.map((k, n) => [`k_${k.name}`, n]));
  const timed = source.replace(/^( +)(k_\w+)(\(.*\);)$/gm, (_, space, name, rest) => {
    const n = place.get(name);
    return n === undefined ? _ : `${space}TIMED(${n}, ${name}${rest.slice(0, -1)})`;
  });
  const head = `#include <time.h>
static double ticks[${kernels.length}];
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}
#define TIMED(n, call) { const double begin = now(); call; ticks[n] += now() - begin; }
void take(double *out) {
  for (int n = 0; n < ${kernels.length}; n++) out[n] = ticks[n], ticks[n] = 0;
}
`;
  return head + timed;
}

/** Time every kernel of a graph whose first inputs are resident: medians of a few steps. */
export function profileNative(graph: Graph, residents: number): ProfileRow[] {
  const resident = Array.from({ length: residents }, (_, i) => [i, i] as const);
  const cc = compiler()!;
  const { schedule, peakBytes } = compile(graph, cc.can, { resident });
  const kernels: Kernel[] = [],
    calls: number[] = [];
  kernelsOf(schedule.main, (kernel, loops) => {
    kernels.push(kernel);
    calls.push(loops.reduce((n, { count }) => n * count, 1));
  });
  const library = libraryOf(cc, instrumented(printC(schedule, cc.can), kernels));
  const [setup, run] = ["setup", "run"].map((name) =>
    library.func(`void ${name}(uintptr_t arena)`),
  );
  const take = library.func("void take(_Out_ double *ticks)");
  const { buffer, starts, first: address } = arenasOf(peakBytes, 1);
  new Float32Array(buffer, starts[0], peakBytes / 4).fill(0.01);
  const times = kernels.map(() => [] as number[]);
  setup(address);
  for (let s = 0; s <= STEPS; s++) {
    const ticks = new Float64Array(kernels.length);
    run(address);
    take(ticks);
    if (s > 0) for (let n = 0; n < times.length; n++) times[n].push(ticks[n]);
  }
  return kernels.map((kernel, n) => {
    const ms = times[n].sort((a, b) => a - b)[STEPS >> 1];
    return { kernel, calls: calls[n], ms, gflops: (kernel.flops * calls[n]) / ms / 1e6 };
  });
}
