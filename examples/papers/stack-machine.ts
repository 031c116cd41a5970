/**
 * A stack as a recurrence: push a symbol, pop one, or do nothing. Given what is done, the next state
 * is linear in the last one, so the machine can be written down: doing nothing multiplies the state
 * by λ, and a gradient that passes n such moments is multiplied by λⁿ. A network that learns the same
 * from examples must find such a map by itself; how it holds its state is seen from the spectrum of
 * its derivative while nothing is done.
 */
import { concatenate, grad, jacobian, jit, qr, type Tensor, tensor, zeros } from "retrograd";
import { type Cell, cell, gru } from "retrograd/cells";
import { dense, type Model, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Fact, generated, type Paper, uniforms } from "./_experiment.ts";

const [PUSH, POP, NOTHING, VALUE] = [0, 1, 2, 3];
const INPUTS = 4;
const ROWS = 64;

/**
 * The machine: `size` places, the top one first; its output is the top before the moment.
 *   push v: h' = (v, h₀, h₁, …)    pop: h' = (h₁, h₂, …, 0)    nothing: h' = λ h
 * Source: Joulin and Mikolov 2015, arXiv:1503.01007, eq. 3–4, with actions that are given.
 */
export const machine = cell({
  name: "stack machine",
  options: { lambda: 1 },
  params: () => ({}),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, _, { size, lambda }) {
    const [push, pop, nothing, value] = [PUSH, POP, NOTHING, VALUE].map((k) => x.slice([k, k + 1]));
    const pushed = concatenate([value, h.slice([0, size - 1])]);
    const popped = concatenate([h.slice([1, size]), zeros([1], { dtype: h.dtype })]);
    const next = pushed.mul(push).add(popped.mul(pop)).add(h.mul(nothing).mul(lambda));
    return { state: { h: next }, output: h.slice([0, 1]) };
  },
});

/** Moments [time, 4] of what is done: a number is pushed. */
export const moments = (done: readonly (number | "pop" | "nothing")[]): number[][] =>
  done.map((what) => {
    if (what === "pop") return [0, 1, 0, 0];
    return what === "nothing" ? [0, 0, 1, 0] : [1, 0, 0, what];
  });

/** Pushes of ±1, pops and nothing, never more than `depth` deep; y: what is popped, else −1. */
function batch(time: number, depth: number, rows: number, uniform: () => number) {
  const x = new Float32Array(rows * time * INPUTS);
  const y = new Int32Array(rows * time).fill(-1);
  for (let row = 0; row < rows; row++) {
    const stack: number[] = [];
    for (let t = 0; t < time; t++) {
      const at = (row * time + t) * INPUTS;
      const chance = uniform();
      if (chance < 0.35 && stack.length < depth) {
        const symbol = uniform() < 0.5 ? 0 : 1;
        stack.push(symbol);
        x[at + PUSH] = 1;
        x[at + VALUE] = 2 * symbol - 1;
      } else if (chance >= 0.65 && stack.length > 0) {
        y[row * time + t] = stack.pop()!;
        x[at + POP] = 1;
      } else x[at + NOTHING] = 1;
    }
  }
  return {
    inputs: { data: x, shape: [rows, time, INPUTS] },
    targets: { data: y, shape: [rows, time] },
  };
}

/** Share of the pops that the written machine answers with the sign of what was pushed. */
function machineAccuracy(time: number, depth: number, lambda: number): number {
  const { inputs, targets } = batch(time, depth, ROWS, uniforms(0, 0));
  const model = sequential(unroll(machine({ size: depth, lambda })));
  const said = model.apply([{}], tensor(inputs.data, { shape: inputs.shape })).data;
  const asked = [...targets.data.keys()].filter((i) => targets.data[i] >= 0);
  return asked.filter((i) => Number(said[i] > 0) === targets.data[i]).length / asked.length;
}

/** ∂ (what a pop says) / ∂ (what was pushed n idle moments before). */
export function gradientThrough(idle: number, lambda: number, depth: number): number {
  const model = sequential(unroll(machine({ size: depth, lambda })));
  const done = moments([1, ...Array<"nothing">(idle).fill("nothing"), "pop"]);
  const said = (x: Tensor) =>
    model
      .apply([{}], x)
      .slice(0)
      .slice(idle + 1)
      .sum();
  return grad(said)(tensor([done], { dtype: "float64" })).data[VALUE];
}

/**
 * How the state of a cell moves while nothing is done, after a push: the mean rates per moment at
 * which the axes of a small ball around it grow, largest first. Where the state comes to rest these
 * are the moduli of the eigenvalues there.
 */
function spectrum(recurrent: Cell, params: any, size: number): number[] {
  const step = (h: Tensor, what: "nothing" | number) => {
    const x = tensor(moments([what])[0]);
    return recurrent.step({ h }, x, params, { train: false, noise: undefined }).state.h as Tensor;
  };
  const idle = (h: Tensor) => step(h, "nothing");
  const slope = jit(jacobian(idle), { target: "wasm" });
  let h = step(zeros([size]), 1);
  let Q: Tensor = identity(size);
  const rates = new Float64Array(size);
  for (let t = 0; t < SETTLING + MEASURED; t++) {
    const { Q: q, R: r } = qr(slope(h).dot(Q));
    [Q, h] = [q, idle(h)];
    if (t < SETTLING) continue;
    for (let i = 0; i < size; i++) rates[i] += Math.log(Math.abs(r.data[i * size + i])) / MEASURED;
  }
  return Array.from(rates, Math.exp).sort((a, b) => b - a);
}
const [SETTLING, MEASURED] = [20, 60];
const identity = (size: number): Tensor =>
  tensor(
    Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
    { shape: [size, size] },
  );

const LAMBDA = 0.9;
function facts(time: number, depth: number): Fact[] {
  const idle = [0, 1, 5, 20];
  const found = idle.map((n) => gradientThrough(n, LAMBDA, depth));
  const accuracy = machineAccuracy(time, depth, LAMBDA);
  return [
    {
      text: `the machine with λ = ${LAMBDA} says ${100 * accuracy} % of what is popped`,
      holds: accuracy === 1,
    },
    {
      text: `its gradient through ${idle} idle moments: ${found.map((g) => g.toPrecision(5))}, λⁿ`,
      holds: idle.every((n, k) => Math.abs(found[k] / LAMBDA ** n - 1) < 1e-12),
    },
  ];
}

export const paper: Paper = {
  name: "stack-machine",
  title: "A stack, written down and learned",
  source:
    "Joulin and Mikolov 2015, arXiv:1503.01007; a GRU for the same: Cho et al. 2014, " +
    "arXiv:1406.1078",
  experiment(quick) {
    const [time, depth, size, steps, atLeast] = quick
      ? [20, 3, 32, 1500, 0.97]
      : [48, 4, 64, 6000, 0.99];
    const seeds = quick ? [1] : [1, 2, 3];
    const recurrent = gru({ size, input: INPUTS });
    const rate = 5e-3;
    return {
      claim:
        `Depth ${depth}, T = ${time}: a stack that is linear given what is done answers every pop, ` +
        `and n idle moments multiply its gradient by λⁿ; a GRU learns to answer ${100 * atLeast} % ` +
        `from ${seeds.length} of ${seeds.length} seeds`,
      size: { time, depth, rows: ROWS },
      facts: () => facts(time, depth),
      contenders: [
        {
          name: "gru",
          model: sequential(unroll(recurrent), dense(2)) as Model,
          optimizer: adam(rate),
          clip: { norm: 1 },
          steps,
          settings: { size, optimizer: "adam", rate, clip: 1 },
          note: (params: any) => {
            const found = spectrum(recurrent, params[0], size).slice(0, depth + 4);
            return (
              `rates while nothing is done: ${found.map((x) => x.toFixed(3)).join(" ")} … ` +
              `(the machine: λ, ${depth} times)`
            );
          },
        },
      ],
      seeds,
      needed: seeds.length,
      loss: crossEntropy({ ignore: -1 }),
      metrics: [metrics.accuracy({ ignore: -1 })],
      measure: "accuracy",
      mark: { atLeast },
      baseline: 0.5,
      data: generated(100, (uniform) => batch(time, depth, ROWS, uniform)),
    };
  },
};
