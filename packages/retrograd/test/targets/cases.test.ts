/** Every case of every op, its derivatives and its batches: each target equals the reference. */
import type { Tensor } from "retrograd";
import { describe, test } from "vitest";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { batch } from "../../src/transform/batch.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { type Case, cases } from "../ops/cases.ts";
import { expectSame, floats } from "./targets.ts";

const graphOf = ({ inputs, f }: Case): Graph =>
  trace(inputs, (...x) => [f(...x)].flat() as Tensor[]);
const batched = (graph: Graph, only?: number): Graph =>
  batch(
    graph,
    graph.inputs.map((_, k) => only === undefined || k === only),
    3,
  );

const transforms: Record<string, (g: Graph) => Graph> = {
  value: (g) => g,
  vjp,
  jvp,
  batch: (g) => batched(g),
  "batch of the first input": (g) => batched(g, 0),
  "batch of vjp": (g) => batched(vjp(g)),
};

describe.each(floats)("%s", (dtype) => {
  test.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    for (const f of Object.values(transforms)) {
      const graph = graphOf(c);
      if (graph.inputs.length === 0 && f !== transforms.value) continue;
      expectSame(f(graph), { dtype });
    }
  });
});
