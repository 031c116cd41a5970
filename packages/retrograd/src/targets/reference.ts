/**
 * The reference target: evaluates the graph op by op in float64. Slow, exact, the oracle of the
 * others. Shards are evaluated side by side, node by node.
 */

import { settleCollectives } from "../compile/collectives.ts";
import type { CompileOptions, Footprint, Program, Sharding } from "../nest/program.ts";
import { allReduceOp } from "../ops/allReduce.ts";
import { allocate, type Data, round } from "../scalar/dtype.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, sizeOf } from "../tensor/tensor.ts";

type Values = readonly Float64Array[];

const ALONE: Sharding = { count: 1, inputs: [], outputs: [] };

export function compileReference(
  given: Graph,
  { resident = [], shards = ALONE }: CompileOptions,
): Program {
  const graph = settleCollectives(given, shards.count);
  const whole = (size: number, byRows: boolean) => (byRows ? size * shards.count : size);
  const kept = new Map<number, Data>(
    resident.map(([i]) => {
      const { dtype, size } = graph.inputs[i];
      return [i, allocate(dtype, whole(size, shards.inputs[i]))];
    }),
  );
  const outputOf = new Map(resident.map(([i, o]) => [o, i]));
  return {
    run(inputs) {
      const args = graph.inputs.map((_, i) => Float64Array.from(kept.get(i) ?? inputs[i]!));
      const parts = Array.from({ length: shards.count }, (_, k) =>
        args.map((all, i) => {
          const { size } = graph.inputs[i];
          return shards.inputs[i] ? all.slice(k * size, (k + 1) * size) : all;
        }),
      );
      const found = runTogether(graph, parts);
      const out = graph.outputs.map(({ dtype }, o) => {
        const all = shards.outputs[o] ? found.flatMap((f) => [...f[o]]) : found[0][o];
        return round(dtype, Float64Array.from(all));
      });
      for (const [o, i] of outputOf) kept.set(i, out[o]);
      return out.map((v, i) => (outputOf.has(i) ? undefined : v));
    },
    read: (i) => kept.get(i)!.slice(),
    write: (i, data) => void kept.set(i, data.slice()),
    explain: () => "target reference: op by op in float64, nothing is compiled",
    peakBytes: bytesOf(given, shards),
  };
}

/** Inputs and outputs in float64; what lies between comes and goes. */
const bytesOf = ({ inputs, outputs }: Graph, { count }: Sharding): number =>
  count * [...inputs, ...outputs].reduce((n, { shape }) => n + 8 * sizeOf(shape), 0);

/** @param flops  of the graph as it stands: nothing is optimised here */
export const planReference = (
  graph: Graph,
  { shards = ALONE }: CompileOptions,
  flops: number,
): Footprint => ({ bytes: bytesOf(graph, shards), flops });

/** The outputs of each shard; sums over shards are added in their order. */
function runTogether(graph: Graph, shards: readonly Values[]): Values[] {
  const values = shards.map(
    (args) => new Map<Node, Values>(graph.inputs.map((t, i) => [t.node, [args[i]]])),
  );
  for (const node of topological(graph.outputs)) {
    if (values[0].has(node)) continue;
    const given = values.map((v) => node.args.map((a) => v.get(a.node)![a.output]));
    const total = node.op === allReduceOp ? sums(given) : [];
    const out =
      node.op === allReduceOp
        ? given.map(() => total)
        : given.map((args) => node.op.evaluate(node, args));
    values.forEach((v, k) => void v.set(node, out[k]));
  }
  return values.map((v) => graph.outputs.map((t) => v.get(t.node)![t.output]));
}

const sums = ([first, ...others]: readonly Values[]): Values =>
  first.map((x, i) => x.map((y, at) => others.reduce((sum, o) => sum + o[i][at], y)));
