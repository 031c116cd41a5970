/** PyTorch's names: what is written is what PyTorch would hold, and comes back as it was. */
import { bidirectional, gru, lstm, rnn, stack } from "retrograd/cells";
import {
  dense,
  dropout,
  embedding,
  fromTorch,
  layerNorm,
  type Model,
  sequential,
  toTorch,
  unroll,
} from "retrograd/layers";
import { expect, test } from "vitest";
import * as random from "../../src/ops/random.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { flatten, paths } from "../../src/tensor/tree.ts";

const models: Record<string, () => Model> = {
  lstm: () =>
    sequential(embedding(5, 3), dropout(0.1), unroll(lstm({ size: 4 })), layerNorm(), dense(2)),
  "two biases, projection": () =>
    sequential(embedding(5, 3), unroll(lstm({ size: 4, biases: 2, projection: 2 }))),
  "gru, one bias": () => sequential(embedding(5, 3), unroll(gru({ size: 4 }))),
  "gru, the other orientation": () =>
    sequential(embedding(5, 3), unroll(gru({ size: 4, update: "move" }))),
  "no bias": () =>
    sequential(embedding(5, 3), unroll(rnn({ size: 4, biases: 0 })), dense(2, { bias: false })),
  "stack, both ways": () =>
    sequential(
      embedding(5, 3),
      unroll(stack(lstm({ size: 4 }), lstm({ size: 4 }))),
      unroll(bidirectional(gru({ size: 2 }))),
    ),
  "what PyTorch does not have": () =>
    sequential(embedding(5, 3), unroll(gru({ size: 4, reset: "before", initial: "learned" }))),
};

test.each(Object.entries(models))("%s: there and back", (_, make) => {
  const model = make();
  const params = model.init(random.key(0), { dtype: "float64" });
  flatten(params).forEach((t, k) =>
    t.data.forEach((_, i) => {
      t.data[i] += Math.sin(i + k);
    }),
  );
  const weights = toTorch(model, params);
  const back = fromTorch(model, weights);
  expect(paths(back).sort()).toEqual(paths(params).sort());
  const x = tensor(Int32Array.of(0, 1, 2, 3, 4, 0), { shape: [2, 3] });
  const [a, b] = [model.apply(params, x), model.apply(back, x)];
  a.data.forEach((v: number, i: number) => expect(b.data[i]).toBeCloseTo(v, 14));
  const shapes = Object.entries(weights).map(([name, t]) => `${name} [${t.shape.join(", ")}]`);
  expect(shapes).toMatchSnapshot();
});

test("layers may have the names of a module", () => {
  const model = sequential(embedding(5, 3), unroll(rnn({ size: 2 })), dense(2));
  const params = model.init(random.key(0));
  const names = ["embed", "rnn", "head"];
  const weights = toTorch(model, params, { names });
  expect(Object.keys(weights)).toContain("rnn.weight_ih_l0");
  expect(paths(fromTorch(model, weights, { names }))).toEqual(paths(params));
  expect(() => toTorch(model, params, { names: ["a"] })).toThrowErrorMatchingSnapshot();
  expect(() => toTorch(lstm({ size: 2 }) as never, params)).toThrow(
    /given a cell; expected a model/,
  );
  expect(() => fromTorch({ weight: tensor([1]) } as never, {})).toThrow(/given an object;/);
});

test("what lacks and what nobody takes is named", () => {
  const model = sequential(embedding(5, 3), unroll(rnn({ size: 2 })));
  const { "layers.1.weight_hh_l0": _, ...weights } = toTorch(model, model.init(random.key(0)));
  const given = { ...weights, "decoder.weight": tensor([1]) };
  expect(() => fromTorch(model, given)).toThrowErrorMatchingSnapshot();
});
