/** Optimizers against ONNX's vectors and against their formulas written as loops over numbers. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { adam, adamw, type Optimizer, rmsprop, sgd } from "../../src/train/index.ts";

const float64 = { dtype: "float64" } as const;
const list = (t: Tensor) => Array.from(t.data);

/** Five steps on two parameters, whose gradients are given. */
const start = [1.5, -0.25];
const gradients = [
  [0.3, -2],
  [-0.1, 1e-3],
  [4, 0],
  [0.02, 0.5],
  [-1, -1e-6],
];
const rates = [0.1, 0.1, 0.05, 0.05, 0.2];

function taken(optimizer: Optimizer): number[] {
  let params: any = { a: tensor([start[0]], float64), b: [tensor([start[1]], float64)] };
  let state = optimizer.init(params);
  gradients.forEach(([a, b], i) => {
    const grads = { a: tensor([a], float64), b: [tensor([b], float64)] };
    const moment = { rate: tensor(rates[i], float64), step: tensor(i + 1) };
    ({ params, state } = optimizer.update(grads, state, params, moment));
  });
  return [params.a.item(), params.b[0].item()];
}

/** The same for one number, by the formula as PyTorch writes it. */
type Loop = (p: number, g: number, rate: number, t: number, memory: number[]) => number;
const byHand = (loop: Loop) =>
  start.map((first, k) => {
    const memory = [0, 0];
    return gradients.reduce((p, g, i) => loop(p, g[k], rates[i], i + 1, memory), first);
  });

const adamLoop =
  (b1: number, b2: number, epsilon: number, penalty: number, decay: number): Loop =>
  (p, gradient, rate, t, memory) => {
    const g = gradient + penalty * p;
    memory[0] = b1 * memory[0] + (1 - b1) * g;
    memory[1] = b2 * memory[1] + (1 - b2) * g * g;
    const root = Math.sqrt(memory[1]) / Math.sqrt(1 - b2 ** t) + epsilon;
    return p * (1 - rate * decay) - ((rate / (1 - b1 ** t)) * memory[0]) / root;
  };

const cases: [string, Optimizer, Loop][] = [
  ["sgd", sgd(0.1), (p, g, rate) => p - rate * g],
  [
    "sgd with momentum and decay",
    sgd(0.1, { momentum: 0.9, weightDecay: 0.01 }),
    (p, g, rate, _, m) => p - rate * (m[0] = 0.9 * m[0] + g + 0.01 * p),
  ],
  [
    "sgd, nesterov",
    sgd(0.1, { momentum: 0.8, nesterov: true }),
    (p, g, rate, _, m) => {
      m[0] = 0.8 * m[0] + g;
      return p - rate * (g + 0.8 * m[0]);
    },
  ],
  [
    "rmsprop",
    rmsprop(0.1),
    (p, g, rate, _, m) => {
      m[0] = 0.99 * m[0] + 0.01 * g * g;
      return p - (rate * g) / (Math.sqrt(m[0]) + 1e-8);
    },
  ],
  [
    "rmsprop with momentum",
    rmsprop(0.1, { decay: 0.9, momentum: 0.5, epsilon: 1e-3 }),
    (p, g, rate, _, m) => {
      m[0] = 0.9 * m[0] + 0.1 * g * g;
      m[1] = 0.5 * m[1] + g / (Math.sqrt(m[0]) + 1e-3);
      return p - rate * m[1];
    },
  ],
  ["adam", adam(), adamLoop(0.9, 0.999, 1e-8, 0, 0)],
  ["adam with decay", adam(1e-3, { weightDecay: 0.1 }), adamLoop(0.9, 0.999, 1e-8, 0.1, 0)],
  ["adamw", adamw(), adamLoop(0.9, 0.999, 1e-8, 0, 0.01)],
  [
    "adamw with other betas",
    adamw(1e-3, { beta1: 0, beta2: 0.5, epsilon: 1e-3, weightDecay: 0.2 }),
    adamLoop(0, 0.5, 1e-3, 0, 0.2),
  ],
];

test.each(cases)("%s: five steps by hand", (_, optimizer, loop) => {
  const [a, b] = taken(optimizer);
  const want = byHand(loop);
  expect(a).toBeCloseTo(want[0], 13);
  expect(b).toBeCloseTo(want[1], 13);
});

test("Adam's first step is one rate long, in float32 too", () => {
  const optimizer = adam(1e-3);
  const params = [tensor([1, 1, 1])];
  const moment = { rate: tensor(1e-3), step: tensor(1) };
  const grads = [tensor([1e-3, -5, 300])];
  const next = optimizer.update(grads, optimizer.init(params), params, moment).params;
  const moved = list(next[0]).map((p) => (1 - p) / 1e-3);
  [1, -1, 1].forEach((want, i) => expect(moved[i]).toBeCloseTo(want, 3));
});

describe("ONNX", () => {
  const file = new URL("../oracles/onnx/optimizers.json", import.meta.url);
  const vectors = JSON.parse(readFileSync(file, "utf8"));
  test.each(Object.keys(vectors))("%s", (name) => {
    const { op, attributes: a, inputs, outputs, names } = vectors[name];
    const isAdam = op === "Adam";
    const groups = isAdam ? 4 : 3; // R, T, then parameters, gradients, and what is remembered
    const [, , ...given] = names[0].map((key: string) => tensor(inputs[key], float64));
    const size = given.length / groups;
    const tree = (group: number) => given.slice(group * size, (group + 1) * size);
    const shared = { weightDecay: a.norm_coefficient };
    const nesterov = a.mode === "nesterov";
    // One vector does not name its epsilon; its numbers say 0.01.
    const optimizer = isAdam
      ? adam(0.1, { beta1: a.alpha, beta2: a.beta, epsilon: a.epsilon ?? 1e-2, ...shared })
      : sgd(0.1, { momentum: a.alpha, nesterov, ...shared });
    const state = isAdam ? { mean: tree(2), square: tree(3) } : { direction: tree(2) };
    // ONNX leaves the correction out at T = 0; long after the start it has gone.
    const moment = { rate: tensor(inputs.R[0], float64), step: tensor(1e9) };
    const { params, state: next } = optimizer.update(tree(1), state, tree(0), moment);
    const found = [params, ...(isAdam ? [next.mean, next.square] : [next.direction])].flat();
    expect(inputs.T[0]).toBe(0);
    names[1].forEach((key: string, i: number) => {
      outputs[key].forEach((x: number, k: number) => expect(found[i].data[k]).toBeCloseTo(x, 5));
    });
  });
});

test("settings out of range are refused", () => {
  expect(() => adam(-1)).toThrowErrorMatchingSnapshot();
  expect(() => adamw(1e-3, { beta2: 1 })).toThrowErrorMatchingSnapshot();
  expect(() => sgd(Number.NaN)).toThrowErrorMatchingSnapshot();
  expect(() => adam(1e-3, { beta: 0.5 } as never)).toThrow(/adam: "beta" is not known/);
  expect(() => rmsprop({ rate: 1 } as never)).toThrow(/rmsprop: given rate = an object/);
});
