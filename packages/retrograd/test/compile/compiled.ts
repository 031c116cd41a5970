/** Programs held against the reference: poisoned arenas, both kinds of tiles, chunks of a chosen size. */
import type { Graph } from "../../src/tensor/graph.ts";
import { batch } from "../../src/transform/batch.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { FUSED, machine, PLAIN } from "../nest/machine.ts";
import { dataFor, expectClose, reference } from "../targets/targets.ts";

export const tiles = { FUSED, PLAIN };

/** Equal to the reference, for the given tiles; `rows` is what chunks aim at. */
export function expectCompiled(
  graph: Graph,
  { seed = 1, rows = 512, can = [FUSED, PLAIN], data = dataFor(graph, seed) } = {},
): void {
  const want = reference(graph, data);
  for (const tile of can)
    machine(graph, tile, { rows })
      .run(data)
      .forEach((y, k) => expectClose(y, want[k], graph.outputs[k].dtype, `output ${k}`));
}

/** Every other input batched. */
export const batched = (graph: Graph): Graph =>
  batch(
    graph,
    graph.inputs.map((_, k) => k % 2 === 0),
    2,
  );

/** What every differentiable graph goes through, by name. */
export const transforms: Readonly<Record<string, (graph: Graph) => Graph>> = {
  value: (g) => g,
  vjp,
  jvp,
  "vjp of vjp": (g) => vjp(vjp(g)),
  "jvp of vjp": (g) => jvp(vjp(g)),
  "batch of vjp": (g) => batched(vjp(g)),
};
