/** HIPS/autograd's gradients of an RNN, an LSTM, both GRUs and layer normalisation, in float64. */
import { readFileSync } from "node:fs";
import { type Cell, gru, lstm, rnn, throughTime } from "retrograd/cells";
import { normalise } from "retrograd/layers";
import { expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { valueAndGrad } from "../../src/transform/derivatives.ts";

interface Case {
  args: Record<string, number[]>;
  loss: number;
  grads: Record<string, number[]>;
  Y: number[];
  loss_weights: number[];
}
const cases: Record<string, Case> = JSON.parse(
  readFileSync(new URL("../oracles/autograd/recurrent.json", import.meta.url), "utf8"),
);
const load = (values: unknown): Tensor => tensor(values as number[], { dtype: "float64" });

function close(given: Tensor, expected: unknown, what: string): void {
  const a = given.data;
  const b = [expected].flat(Infinity) as number[];
  expect(a.length, what).toBe(b.length);
  a.forEach((x, i) => expect(Math.abs(x - b[i]), `${what}[${i}]`).toBeLessThan(1e-9));
}

/** Value and every gradient of a loss over named arguments. */
function compare(name: string, loss: (args: Record<string, Tensor>) => Tensor): void {
  const { args, loss: value, grads } = cases[name];
  const given = Object.fromEntries(Object.entries(args).map(([k, v]) => [k, load(v)]));
  const [found, gradients] = valueAndGrad(loss)(given);
  close(found, value, "loss");
  for (const [k, expected] of Object.entries(grads)) close(gradients[k], expected, `d${k}`);
}

/** The cell of a case, its loss, and how its arguments become our parameters. */
function recurrent(
  name: string,
  cell: Cell,
  paramsOf: (args: Record<string, Tensor>) => object,
  extra: (state: any) => Tensor | number = () => 0,
) {
  test(name, () => {
    compare(name, (args) => {
      const state = args.c0 ? { h: args.h0, c: args.c0 } : { h: args.h0 };
      const ran = throughTime(cell, paramsOf(args), args.x, state);
      return ran.outputs.mul(load(cases[name].loss_weights)).sum().add(extra(ran.state));
    });
  });
}

/** Gates side by side [in, gates · 4] → [in, gates, 4], in the order that we have. */
const gates = (t: Tensor, order: readonly number[]): Tensor => {
  const wide = t.reshape([...t.shape.slice(0, -1), order.length, 4]);
  return wide.take(tensor(Int32Array.from(order)), { axis: wide.rank - 2 });
};

recurrent("rnn_tanh", rnn({ size: 4 }), ({ W, R, b }) => ({ Wx: W, Wh: R, b }));
recurrent(
  "lstm",
  lstm({ size: 4 }),
  ({ W, R, b }) => {
    const order = [0, 1, 2, 3];
    return { Wx: gates(W, order), Wh: gates(R, order), b: gates(b, order) };
  },
  ({ c }) => c.mul(c).sum().mul(0.3),
);

const RZN = [1, 0, 2]; // theirs are z, r, n
const both = ({ W, R, bi, br }: Record<string, Tensor>) => ({
  Wx: gates(W, RZN),
  Wh: gates(R, RZN),
  b: gates(bi, RZN),
  bh: gates(br, RZN),
});
recurrent("gru_reset_after", gru({ size: 4, biases: 2 }), both);
recurrent("gru_reset_before", gru({ size: 4, biases: 2, reset: "before" }), both);

test("gru_reset_after with one bias for each gate", () => {
  const { x, h0, ...rest } = Object.fromEntries(
    Object.entries(cases.gru_reset_after.args).map(([k, v]) => [k, load(v)]),
  );
  const { Wx, Wh, b, bh } = both(rest);
  const mask = tensor([[1], [1], [0]], { dtype: "float64" });
  const params = { Wx, Wh, b: b.add(bh.mul(mask)), bh: bh.slice(2) };
  const { outputs } = throughTime(gru({ size: 4 }), params, x, { h: h0 });
  close(outputs, cases.gru_reset_after.Y, "outputs");
});

test("update move is update keep with the weights of z negated", () => {
  const args = cases.gru_reset_after.args;
  const named = Object.fromEntries(Object.entries(args).map(([k, v]) => [k, load(v)]));
  const turn = tensor([[1], [-1], [1]], { dtype: "float64" });
  const params = both(named);
  const turned = Object.fromEntries(Object.entries(params).map(([k, t]) => [k, t.mul(turn)]));
  const cell = gru({ size: 4, biases: 2, update: "move" });
  const { outputs } = throughTime(cell, turned as typeof params, named.x, { h: named.h0 });
  close(outputs, cases.gru_reset_after.Y, "outputs");
});

test("layernorm", () => {
  compare("layernorm", ({ X, g, b }) =>
    normalise(X, g, b, 1e-5).mul(load(cases.layernorm.loss_weights)).sum(),
  );
});
