/** implicit: bptt over infinitely many moments, from the place where they end. */
import { anderson, broyden, phantom, picard, random, type Tensor, tensor } from "retrograd";
import { bidirectional, gru, lstm, rnn } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { mapTree } from "../../src/tensor/tree.ts";
import {
  adam,
  bptt,
  evaluate,
  type Fed,
  feed,
  type ImplicitOptions,
  implicit,
  mse,
  train,
} from "../../src/train/index.ts";
import { apart, lossAndGradient } from "./lesson.ts";
import { values } from "./models.ts";

const [rows, many] = [3, 200];
const shown = values(1, rows, 1, 2);
/** The same input at every moment, and one number asked at the end. */
const held = (time: number): Fed => ({
  inputs: tensor(
    Float64Array.from({ length: rows * time * 2 }, (_, i) => {
      const [row, feature] = [Math.floor(i / (2 * time)), i % 2];
      return shown.data[row * 2 + feature] as number;
    }),
    { shape: [rows, time, 2] },
  ),
  targets: values(2, rows, 1),
});

/** A model whose step contracts. */
function settling(cell: any) {
  const model = sequential(unroll(cell), lastStep(), dense(1));
  const first = model.init(random.key(4), { input: [2], dtype: "float64" });
  return { model, params: mapTree(first, (t: Tensor) => t.mul(0.5)) };
}

describe.each([
  ["rnn", () => rnn({ size: 4 })],
  ["gru", () => gru({ size: 3 })],
  ["lstm", () => lstm({ size: 3 })],
])("%s", (_, cell) => {
  const own = settling(cell());
  const exact = lossAndGradient(bptt(), held(many), own);
  test("loss and gradient are those of bptt over 200 moments, however few are given", () => {
    for (const time of [1, 5])
      expect(apart(lossAndGradient(implicit(), held(time), own), exact)).toBeLessThan(1e-9);
  });
  test.each<[string, ImplicitOptions]>([
    ["Picard", { solver: picard() }],
    ["Broyden there, Anderson back", { solver: broyden(), backward: anderson() }],
  ])("by %s", (_, options) => {
    expect(apart(lossAndGradient(implicit(options), held(1), own), exact)).toBeLessThan(1e-8);
  });
  test("ways back that are cheaper keep the loss and err in the gradient", () => {
    for (const backward of ["jacobian-free", phantom({ terms: 2 })] as const) {
      const found = lossAndGradient(implicit({ backward }), held(1), own);
      expect(Math.abs(found[0] - exact[0])).toBeLessThan(1e-9);
      const error = apart(found, exact);
      expect(error).toBeGreaterThan(1e-6);
      expect(error).toBeLessThan(Math.max(...exact.map(Math.abs)));
    }
  });
});

test("it trains, compiled, and what was learned holds for long sequences", async () => {
  const model = sequential(unroll(rnn({ size: 8, input: 2 })), lastStep(), dense(1));
  const batch = { ...held(3), targets: values(2, rows, 1) };
  const data = [{ inputs: batch.inputs.cast("float32"), targets: batch.targets.cast("float32") }];
  const run = train({
    ...{ model, data, loss: mse(), optimizer: adam(0.02), method: implicit() },
    ...{ epochs: 150, seed: 2, target: "wasm" as const, params: undefined },
  });
  let last = Infinity;
  for await (const event of run) if (event.type === "epoch") last = event.loss;
  expect(last).toBeLessThan(1e-3);
  const long = held(400);
  const fed = [{ inputs: long.inputs.cast("float32"), targets: long.targets.cast("float32") }];
  const { loss } = await evaluate({ model, params: run.params, data: fed, loss: mse() });
  expect(loss).toBeLessThan(1e-2);
});

test("a step that does not settle ends the run with its numbers", async () => {
  const model = sequential(unroll(rnn({ size: 6, input: 2 })), lastStep(), dense(1));
  const first = model.init(random.key(0), { input: [2] });
  const params = mapTree(first, (t: Tensor) => t.mul(6));
  const { inputs, targets } = held(2);
  const data = [{ inputs: inputs.cast("float32"), targets: targets.cast("float32") }];
  const run = train({
    ...{ model, params, data, loss: mse(), optimizer: adam(1e-3), epochs: 1 },
    method: implicit({ solver: picard(), steps: 20 }),
  });
  await expect(async () => {
    for await (const _ of run);
  }).rejects.toThrow(/after 20 evaluations .* spectral radius .*\n.*\(not-converged\)/s);
});

test("what cannot be", () => {
  const own = settling(rnn({ size: 2 }));
  const moving = feed({ inputs: values(3, rows, 4, 2), targets: values(2, rows, 1) });
  expect(() => lossAndGradient(implicit(), moving, own)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: implicit: given an input that is another at moment 1 of row 0; expected one input for each row, the same at every moment; or the method bptt().
      Give one input for each row, the same at every moment; or the method bptt().   (bad-argument)]
  `);
  expect(() => implicit({ steps: 0 })).toThrow(/bad-argument/);
  expect(() => implicit({ solvers: picard() } as any)).toThrow(/unknown-option/);
  const both = settling(bidirectional(rnn({ size: 2 })) as any);
  expect(() => lossAndGradient(implicit(), held(2), both)).toThrow(/must see whole sequences/);
});
