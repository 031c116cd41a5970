/** Cells whose weights are kept within bounds while they learn. */
import { jit, tensor, zeros } from "retrograd";
import {
  type Cell,
  constrained,
  drawTree,
  gru,
  minGru,
  rnn,
  spectralBound,
  stack,
  throughTime,
} from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, mse, train } from "retrograd/train";
import { expect, test } from "vitest";
import { key, normal } from "../../../src/ops/random.ts";
import { describeCell } from "../describeCell.ts";
import { refusal, singularValues } from "../plain.ts";

const LIMIT = 0.7;
const calm = (size: number) =>
  constrained(rnn({ size }), ({ Wh, ...rest }) => ({ ...rest, Wh: spectralBound(Wh, LIMIT) }));
const positive = constrained(minGru({ size: 3, initial: "learned" }), ({ W, b }) => ({
  W: W.exp(),
  b,
}));

describeCell("constrained(rnn)", calm(4));
describeCell("constrained(minGru) with a learned state, both forms", positive);

test("it is the cell with weights that were bounded before", () => {
  const params = drawTree<any>(rnn({ size: 4 }).params([2]), key(1), "float64");
  const xs = normal(key(2), [5, 1, 2], { dtype: "float64" });
  const first = { h: zeros([1, 4], { dtype: "float64" }) };
  const bounded = { ...params, Wh: spectralBound(params.Wh, LIMIT) };
  const run = (cell: Cell, given: unknown) => throughTime<any, any>(cell, given, xs, first).outputs;
  expect(run(calm(4), params).toArray()).toEqual(run(rnn({ size: 4 }), bounded).toArray());
});

test("the bound is computed once for all moments, and kept while parameters leave it", async () => {
  const model = sequential(unroll(calm(4)), lastStep(), dense(1));
  const inputs = normal(key(3), [8, 6, 1]);
  const data = [{ inputs, targets: inputs.slice(null, 0).mul(4) }]; // asks for a long memory
  const run = train({ model, data, loss: mse(), optimizer: adam(5e-2), epochs: 60, seed: 1 });
  for await (const _ of run);
  const { Wh } = run.params[0];
  expect(singularValues(Wh.toArray())[0]).toBeGreaterThan(1.2 * LIMIT);
  expect(singularValues(spectralBound(Wh, LIMIT).toArray())[0]).toBeLessThan(LIMIT * 1.00001);
  const traced = jit((p: any, x: any) => model.apply(p, x));
  traced(run.params, inputs);
  expect(traced.explain().split("(scan)")[1]).not.toMatch(/sqrt|log/);
});

test("what constrain returns is the tree that it was given", () => {
  const run = (cell: Cell) => () => sequential(unroll(cell)).init(key(0), { input: 2 });
  const two = stack(gru({ size: 2 }), rnn({ size: 2 }));
  expect(run(constrained(two, (all) => all.map((p) => p)))).not.toThrow();
  expect([
    refusal(run(constrained(rnn({ size: 2 }), ({ Wh }) => ({ Wh }) as never))),
    refusal(run(constrained(rnn({ size: 2 }), (p) => ({ ...p, Wh: tensor([1]) })))),
    refusal(() => constrained(rnn as never, (p) => p)),
  ]).toMatchInlineSnapshot(`
    [
      "what constrain returns: the tree has Wh; expected Wx, Wh, b.
      Return the same nested objects and arrays that were given.
      in step of cell "constrained(rnn)", layer 0 of sequential   (tree-mismatch)",
      "constrained(rnn): given "Wh" [1]; expected [2, 2].
      Give the shape that is expected, or reshape the tensor first.
      in step of cell "constrained(rnn)", layer 0 of sequential   (shape-mismatch)",
      "constrained: given a function; expected a cell, such as lstm({ size: 32 }).
      Give a cell, such as lstm({ size: 32 }).   (bad-argument)",
    ]
  `);
});
