/** Cells at rest: what infinitely many steps give, and their gradient. */
import { grad, random, type Tensor, tensor, valueAndGrad } from "retrograd";
import { equilibrium, gru, rnn } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, bptt, crossEntropy, firstCarry, trainingStep } from "retrograd/train";
import { expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { flatten, mapTree } from "../../src/tensor/tree.ts";
import { describeCell } from "./describeCell.ts";

describeCell("equilibrium", equilibrium(gru({ size: 3 }), { tolerance: 1e-14 }), {
  tolerance: 1e-9,
});

test("a constant input for 200 moments, gradients too", () => {
  const cell = rnn({ size: 4, input: 2 });
  const [atRest, loop] = [
    sequential(unroll(equilibrium(cell, { tolerance: 1e-13 }))),
    sequential(unroll(cell), lastStep()),
  ];
  const params = mapTree(atRest.init(random.key(1), { dtype: "float64" }), (t: Tensor) =>
    t.mul(0.7).add(0.05),
  );
  const x = tensor([[[0.3, -0.8]], [[1, 0.2]]], { dtype: "float64" });
  const weight = tensor([1, -2, 0.5, 3], { dtype: "float64" });
  const repeated = tensor(
    [0, 1].flatMap((b) => Array.from({ length: 200 }, () => Array.from(x.slice(b, 0).data)).flat()),
    { shape: [2, 200, 2], dtype: "float64" },
  );
  const [value, found] = valueAndGrad((p: any) => atRest.apply(p, x).mul(weight).sum())(params);
  const long = (p: any) =>
    loop
      .apply([...p, {}] as any, repeated)
      .mul(weight)
      .sum();
  expect(value.item()).toBeCloseTo(long(params).item(), 9);
  const exact = grad(long)(params);
  flatten(found).forEach((t, k) =>
    expect(t.sub(flatten(exact)[k]).abs().max().item()).toBeLessThan(1e-8),
  );
});

test("it trains, compiled", () => {
  const model = sequential(
    unroll(equilibrium(rnn({ size: 12, input: 2 }), { steps: 30 })),
    dense(2),
  );
  const options = { model, loss: crossEntropy(), optimizer: adam(0.02), method: bptt() };
  // It begins with a step that contracts; while it learns, nothing keeps it from expanding for once.
  const first = mapTree(model.init(random.key(0)), (t: Tensor, path) =>
    path.endsWith("Wh") ? t.mul(0.5) : t,
  );
  const run = resident(trainingStep(options), firstCarry(options, first, 64), { target: "wasm" });
  // Two rings: no line tells them apart.
  const points = Array.from({ length: 64 }, (_, k) => {
    const [angle, radius] = [(k * 2 * Math.PI) / 32, k < 32 ? 0.5 : 1.2];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  const inputs = tensor(points.flat(), { shape: [64, 1, 2] });
  const targets = tensor(
    Int32Array.from({ length: 64 }, (_, k) => +(k < 32)),
    { shape: [64, 1] },
  );
  const losses = Array.from({ length: 300 }, () =>
    run.call({ inputs, targets }, tensor(0.02)).loss.item(),
  );
  expect(losses[0]).toBeGreaterThan(0.6);
  expect(Math.min(...losses.slice(200))).toBeLessThan(0.05);
});
