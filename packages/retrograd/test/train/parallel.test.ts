/** parallel: bptt by rounds over all moments. */
import { random, type Tensor, tensor } from "retrograd";
import { gru, rnn } from "retrograd/cells";
import { dense, dropout, lastStep, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { mapTree } from "../../src/tensor/tree.ts";
import {
  bptt,
  type Fed,
  type Method,
  mse,
  type ParallelOptions,
  parallel,
  sgd,
  train,
} from "../../src/train/index.ts";
import { apart, lossAndGradient } from "./lesson.ts";
import { values } from "./models.ts";

const [rows, time] = [3, 9];
const batch: Fed = { inputs: values(1, rows, time, 2), targets: values(2, rows, time, 1) };

function modelOf(cell: any) {
  const model = sequential(unroll(cell), dense(1));
  return { model, params: model.init(random.key(4), { input: [2], dtype: "float64" }) };
}

describe.each<[string, ParallelOptions]>([
  ["deer", {}],
  ["quasi-deer", { method: "quasi-deer" }],
])("%s", (_, options) => {
  test("gives the loss and the gradient of bptt", () => {
    for (const cell of [rnn({ size: 3, initial: "learned" }), gru({ size: 3 })]) {
      const own = modelOf(cell);
      expect(
        apart(lossAndGradient(parallel(options), batch, own), lossAndGradient(bptt(), batch, own)),
      ).toBeLessThan(1e-10);
    }
  });
  test("with lengths and weights, compiled", () => {
    const own = modelOf(gru({ size: 3 }));
    const fed = { ...batch, lengths: tensor(Int32Array.of(9, 4, 1)), mask: values(3, rows, time) };
    const [found, exact] = [parallel(options), bptt()].map((m) =>
      lossAndGradient(m, fed, own, "wasm"),
    );
    expect(apart(found, exact)).toBeLessThan(1e-9);
  });
});

test("a run says what was chosen and takes the course of bptt", async () => {
  const { model } = modelOf(gru({ size: 3, input: 2 }));
  const course = async (method: Method) => {
    const losses: number[] = [];
    const said: string[] = [];
    const data = [mapTree(batch, (t: Tensor) => t.cast("float32"))] as any;
    const run = train({
      model,
      data,
      loss: mse(),
      optimizer: sgd(0.1),
      method,
      epochs: 5,
      seed: 1,
    });
    for await (const event of run) {
      if (event.type === "step") losses.push(event.loss);
      if (event.type === "method") said.push(event.text);
    }
    return { losses, said };
  };
  const [found, exact] = [await course(parallel()), await course(bptt())];
  expect(apart(found.losses, exact.losses)).toBeLessThan(1e-5);
  expect(found.said).toEqual([expect.stringContaining("parallel: all moments by rounds")]);
});

test("rounds that are not enough end the run with their numbers", async () => {
  const { model } = modelOf(gru({ size: 3, input: 2 }));
  const short = mapTree(batch, (t: Tensor) => t.cast("float32"));
  const data = [{ ...short, lengths: tensor(Int32Array.of(9, 4, 1)) }] as any;
  const method = parallel({ method: "quasi-deer", rounds: 1 });
  const run = train({ model, data, loss: mse(), optimizer: sgd(0.1), method, epochs: 1 });
  await expect(async () => {
    for await (const _ of run);
  }).rejects.toThrow(/after 1 rounds \(quasi-deer\).*\(rounds-short\)/s);
});

test("what cannot be", () => {
  const refused = (...layers: any[]) => {
    const model = sequential(...(layers as [any])) as any;
    const params = model.init(random.key(0), { input: [2], dtype: "float64" });
    return () => lossAndGradient(parallel(), batch, { model, params });
  };
  const cell = unroll(rnn({ size: 2 }));
  expect(refused(cell, dropout(0.5), dense(1))).toThrow(/dropout or zoneout/);
  expect(refused(cell, lastStep(), dense(1))).toThrow(/bad-argument/);
  expect(refused(unroll(rnn({ size: 2 }), { reverse: true }), dense(1))).toThrow(/single moments/);
  expect(() => parallel({ method: "newton" } as any)).toThrow(/deer/);
});
