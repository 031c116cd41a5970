/** PyTorch's RNN, LSTM and GRU: forward, last state and every gradient, on every target there is. */
import { readFileSync } from "node:fs";
import { bidirectional, type Cell, gru, lstm, rnn, stack } from "retrograd/cells";
import { fromTorch, type Model, sequential, toTorch, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { jit, type TargetName } from "../../src/jit/jit.ts";
import { swapAxes } from "../../src/ops/shape.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { flatten } from "../../src/tensor/tree.ts";
import { valueAndGrad } from "../../src/transform/derivatives.ts";
import { targets } from "./targets.ts";

interface Case {
  kind: "RNN" | "LSTM" | "GRU";
  options: {
    nonlinearity?: string;
    num_layers?: number;
    bidirectional?: boolean;
    proj_size?: number;
  };
  lengths: number[] | null;
  inputs: Record<string, number[]>;
  G: number[][][];
  y: number[][][];
  last: Record<string, number[][][]>;
  loss: number;
  gradients: Record<string, unknown>;
}

const NAMES = [
  ...["rnn-tanh", "rnn-relu", "gru", "gru-2-layers", "gru-variable-length-bidirectional"],
  ...["lstm", "lstm-bidirectional", "lstm-projection", "lstm-variable-length"],
  "lstm-2-layers-bidirectional",
];
const folder = new URL("../oracles/torch/", import.meta.url);
const read = (name: string): Case =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));

/** The model of a case; both directions of the second layer need the whole of the first. */
function modelOf({ kind, options }: Case): Model {
  const size = 5;
  const cell = (): Cell => {
    if (kind === "GRU") return gru({ size, biases: 2 });
    if (kind === "LSTM") return lstm({ size, biases: 2, projection: options.proj_size });
    return rnn({ size, biases: 2, activation: options.nonlinearity });
  };
  const count = options.num_layers ?? 1;
  if (options.bidirectional)
    return sequential(...Array.from({ length: count }, () => unroll(bidirectional(cell()))));
  return sequential(unroll(count === 1 ? cell() : stack(...Array.from({ length: count }, cell))));
}

/** Our name of a weight: the second of two bidirectional layers is the first of layer 1. */
const rename = (name: string, { options }: Case): string => {
  const layer = options.bidirectional ? (/_l(\d)/.exec(name)?.[1] ?? "0") : "0";
  return `layers.${layer}.${options.bidirectional ? name.replace(/_l\d/, "_l0") : name}`;
};

/** PyTorch's [layers · directions, batch, size] as the state of our model. */
function stateOf(c: Case, rows: (name: string, k: number) => Tensor): unknown[] {
  const one = (k: number) =>
    c.kind === "LSTM" ? { h: rows("h", k), c: rows("c", k) } : { h: rows("h", k) };
  const count = c.options.num_layers ?? 1;
  const each = Array.from({ length: count }, (_, k) => k);
  if (c.options.bidirectional)
    return each.map((k) => ({ forward: one(2 * k), backward: one(2 * k + 1) }));
  return [count === 1 ? one(0) : each.map(one)];
}

function closeTo(given: unknown, expected: unknown, tolerance: number, what: string): void {
  const numbers = (x: unknown) =>
    Array.isArray(x) ? (x.flat(Infinity) as number[]) : [x as number];
  const [a, b] = [numbers(given), numbers(expected)];
  expect(a.length, what).toBe(b.length);
  const scale = Math.max(1, ...b.map(Math.abs));
  const worst = Math.max(...a.map((x, i) => Math.abs(x - b[i])));
  expect(worst / scale, `${what}: largest difference`).toBeLessThan(tolerance);
}

/** Everything a case states, computed by our model on one target. */
function compare(c: Case, target: TargetName, dtype: "float64" | "float32", tolerance: number) {
  const model = modelOf(c);
  const load = (values: unknown) => tensor(values as number[], { dtype });
  const weights = Object.entries(c.inputs).filter(([name]) => !["x", "h0", "c0"].includes(name));
  const params = fromTorch(
    model,
    Object.fromEntries(weights.map(([name, values]) => [rename(name, c), load(values)])),
  );
  const x = swapAxes(load(c.inputs.x), 0, 1);
  const G = swapAxes(load(c.G), 0, 1);
  const state = stateOf(c, (name, k) => load(c.inputs[`${name}0`]).slice(k));
  const lengths = c.lengths ?? undefined;
  const loss = (p: typeof params, xs: Tensor, s: unknown) => {
    const ran = model.run(p, xs, { state: s, lengths });
    return [ran.output.mul(G).sum(), ran] as const;
  };
  const both = valueAndGrad(loss as any, { argnums: [0, 1, 2], hasAux: true });
  const [[value, ran], [dParams, dX, dState]] = jit(both as any, { target })(
    params,
    x,
    state,
  ) as any;

  closeTo(value.item(), c.loss, tolerance, "loss");
  closeTo(swapAxes(ran.output, 0, 1).toArray(), c.y, tolerance, "y");
  const last = stateOf(c, (name, k) => load(c.last[name]).slice(k));
  flatten(last).forEach((t, k) => {
    closeTo(flatten(ran.state)[k].toArray(), t.toArray(), tolerance, `last state ${k}`);
  });
  closeTo(swapAxes(dX, 0, 1).toArray(), c.gradients.x, tolerance, "gradient of x");
  const dFirst = stateOf(c, (name, k) => load(c.gradients[`${name}0`]).slice(k));
  flatten(dFirst).forEach((t, k) => {
    closeTo(flatten(dState)[k].toArray(), t.toArray(), tolerance, `gradient of state ${k}`);
  });
  const named = toTorch(model, dParams);
  for (const [name] of weights)
    closeTo(named[rename(name, c)].toArray(), c.gradients[name], tolerance, `gradient of ${name}`);
}

for (const target of targets)
  for (const name of NAMES) {
    test(`${name} on ${target}: float64 to 1e-9`, () => {
      compare(read(name), target, "float64", 1e-9);
    });
    test(`${name} on ${target}: float32 to 2e-5`, () => {
      compare(read(name), target, "float32", 2e-5);
    });
  }
