/**
 * The rules of every op, case by case: derivatives of first and second order against differences,
 * batching against one sample at a time, and calls on concrete tensors against the traced graph.
 */
import { type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { type Graph, run, trace } from "../../src/tensor/graph.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/batch.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { expectDerivatives, numbers, valuesOf } from "../derivatives.ts";
import { type Case, cases } from "./cases.ts";

const listOf = (x: Tensor | readonly Tensor[]): readonly Tensor[] => [x].flat() as Tensor[];
const graphOf = ({ inputs, f }: Case): Graph => trace(inputs, (...x) => listOf(f(...x)));

/** Every way to batch some of the inputs, none left out but batching nothing. */
const choices = (n: number): boolean[][] =>
  Array.from({ length: 2 ** n - 1 }, (_, k) =>
    Array.from({ length: n }, (_, i) => ((k + 1) & (1 << i)) !== 0),
  );

function expectBatched(graph: Graph, which: boolean[], size: number): void {
  const wide = batch(graph, which, size);
  const draw = numbers(3);
  const args = wide.inputs.map((t) => valuesOf(t, draw));
  const got = run(wide, args);
  graph.outputs.forEach((t, k) => {
    expect(wide.outputs[k].shape).toEqual([size, ...t.shape]);
    expect(wide.outputs[k].dtype).toEqual(t.dtype);
  });
  for (let b = 0; b < size; b++) {
    const sample = args.map((a, k) => {
      const n = sizeOf(graph.inputs[k].shape);
      return which[k] ? a.slice(b * n, (b + 1) * n) : a;
    });
    run(graph, sample).forEach((want, k) => {
      const n = sizeOf(graph.outputs[k].shape);
      got[k].slice(b * n, (b + 1) * n).forEach((x, i) => expect(x).toBeCloseTo(want[i], 12));
    });
  }
}

describe.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
  test("derivatives of first and second order", () => {
    expectDerivatives(graphOf(c), { order: 2 });
  });
  test("a batch is its samples, one by one", () => {
    const graph = graphOf(c);
    const backward = vjp(graph);
    for (const which of choices(graph.inputs.length)) {
      expectBatched(graph, which, 2);
      expectBatched(
        backward,
        backward.inputs.map((_, k) => which[k] ?? true),
        2,
      );
    }
  });
  test("concrete tensors give what the graph gives", () => {
    const graph = graphOf(c);
    const draw = numbers(1);
    const args = c.inputs.map((t) => valuesOf(t, draw));
    const given = args.map((a, k) => tensor(a, c.inputs[k]));
    const eager = listOf(c.f(...given));
    run(graph, args).forEach((want, k) => {
      expect(eager[k].shape).toEqual(graph.outputs[k].shape);
      expect(eager[k].dtype).toEqual(graph.outputs[k].dtype);
      expect([...eager[k].data]).toEqual([...want]);
    });
  });
});
