/**
 * The reference target: evaluates the graph op by op in float64. Slow, exact, the oracle of the
 * others.
 */

import type { CompileOptions, Program } from "../nest/program.ts";
import { allocate, type Data, round } from "../scalar/dtype.ts";
import { type Graph, run } from "../tensor/graph.ts";
import { sizeOf } from "../tensor/tensor.ts";

export function compileReference(graph: Graph, { resident = [] }: CompileOptions): Program {
  const kept = new Map<number, Data>(
    resident.map(([i]) => [i, allocate(graph.inputs[i].dtype, graph.inputs[i].size)]),
  );
  const outputOf = new Map(resident.map(([i, o]) => [o, i]));
  const bytes = [...graph.inputs, ...graph.outputs].reduce((n, t) => n + 8 * sizeOf(t.shape), 0);
  return {
    run(inputs) {
      const args = graph.inputs.map((_, i) => Float64Array.from(kept.get(i) ?? inputs[i]!));
      const out = run(graph, args).map((v, i) =>
        round(graph.outputs[i].dtype, Float64Array.from(v)),
      );
      for (const [o, i] of outputOf) kept.set(i, out[o]);
      return out.map((v, i) => (outputOf.has(i) ? undefined : v));
    },
    read: (i) => kept.get(i)!.slice(),
    write: (i, data) => void kept.set(i, data.slice()),
    explain: () => "target reference: op by op in float64, nothing is compiled",
    peakBytes: bytes,
  };
}
