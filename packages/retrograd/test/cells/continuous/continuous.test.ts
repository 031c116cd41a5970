/** Cells in continuous time against their equations, and what they ask of the times. */
import { tensor } from "retrograd";
import { bidirectional, cfc, drawTree, ltc, shPlrnn, stack, throughTime } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, evaluate, mse, train } from "retrograd/train";
import { describe, expect, test } from "vitest";
import { key } from "../../../src/ops/random.ts";
import { describeCell } from "../describeCell.ts";
import { expectPlain, filled, gate, inner, plus, range, sigmoid, times } from "../plainLoop.ts";

/** Every third number is a time above 0.2. */
const accept = (x: Float64Array) => x.map((e, i) => (i % 3 === 2 ? e + 0.7 : e));
const timed = { accept: (x: number[][]) => x.map(([a, b, dt]) => [a, b, Math.abs(dt) + 0.1]) };

describeCell("cfc", cfc({ size: 4, times: true }), { accept });
describeCell("cfc, gate none", cfc({ size: 4, shared: 3, gate: "none" }));
describeCell("cfc, gate decay", cfc({ size: 4, times: true, gate: "decay" }), { accept });
describeCell("ltc", ltc({ size: 4, times: true, unfolds: 3 }), { accept });
describeCell("shPlrnn", shPlrnn({ size: 4, hidden: 6 }));
describeCell("shPlrnn, clipped and forced", {
  ...shPlrnn({ size: 4, hidden: 6, clipped: true, forcing: 0.3, input: 3 }),
});

test.each(["time", "none", "decay"] as const)(
  "cfc, gate %s: the equations of the paper",
  (kind) => {
    const size = 4;
    expectPlain(
      cfc({ size, shared: 5, times: true, gate: kind }),
      (state, [a0, a1, dt], { Wb, bb, W, b, A, w }) => {
        const { h = filled(size) } = state;
        const s = plus(times([a0, a1, ...h], Wb), bb).map((e) => 1.7159 * Math.tanh((2 * e) / 3));
        const part = (at: number) => plus(gate(s, W, at), b[at]);
        const next = (): number[] => {
          const g = part(0);
          if (kind === "decay")
            return g.map(
              (e, i) => -A[i] * Math.exp(-dt * (Math.abs(w[i]) + Math.abs(e))) * e + A[i],
            );
          const tau = part(2).map((e, i) => sigmoid(e * dt + part(3)[i]));
          const [from, to] = [g.map(Math.tanh), part(1).map(Math.tanh)];
          return kind === "none"
            ? range(size).map((i) => from[i] + tau[i] * to[i])
            : range(size).map((i) => from[i] * (1 - tau[i]) + tau[i] * to[i]);
        };
        state.h = next();
        return state.h;
      },
      timed,
    );
  },
);

test.each([true, false])("ltc, times %s: the fused solver of the paper", (withTimes) => {
  const [size, unfolds] = [4, 3];
  expectPlain(
    ltc({ size, unfolds, times: withTimes }),
    (state, x, { W, R, b, t, A }) => {
      let { h = filled(size) } = state;
      const [given, dt] = withTimes ? [x.slice(0, 2), x[2]] : [x, 1];
      for (let k = 0; k < unfolds; k++) {
        const f = plus(times(given, W), times(h, R), b).map(sigmoid);
        const tau = t.map((e: number) => Math.log1p(Math.exp(e)));
        h = range(size).map(
          (i) => (h[i] + (dt / unfolds) * f[i] * A[i]) / (1 + (dt / unfolds) * (1 / tau[i] + f[i])),
        );
      }
      state.h = h;
      return h;
    },
    timed,
  );
});

test("ltc: the solver is of first order, and meets the exact solution of a unit that is not fed back", () => {
  // Without R, f is constant between moments: h(Δt) = h∞ (1 − e^(−Δt (1/τ + f))).
  const params = (cell: any) => ({
    ...drawTree<any>(cell.params([2]), key(1), "float64"),
    R: tensor([[0]], { dtype: "float64" }),
  });
  const [x, dt] = [0.8, 1.5];
  const error = (unfolds: number) => {
    const cell = ltc({ size: 1, unfolds, times: true });
    const p = params(cell);
    const f = sigmoid(p.W.item() * x + p.b.item());
    const rate = 1 / Math.log1p(Math.exp(p.t.item())) + f;
    const exact = ((f * p.A.item()) / rate) * (1 - Math.exp(-dt * rate));
    const xs = tensor([[[x, dt]]], { dtype: "float64" });
    const h = tensor([[0]], { dtype: "float64" });
    return Math.abs(throughTime(cell, p, xs, { h }).outputs.item() - exact);
  };
  expect(error(20) / error(40)).toBeGreaterThan(1.9);
  expect(error(20) / error(40)).toBeLessThan(2.1);
  expect(error(40)).toBeLessThan(0.02);
});

describe("shPlrnn", () => {
  const size = 4;
  test.each([
    { clipped: false, forcing: undefined },
    { clipped: true, forcing: undefined },
    { clipped: false, forcing: 0.3 },
  ])("the equations of the paper: %o", ({ clipped, forcing }) => {
    const cell = shPlrnn({ size, hidden: 5, clipped, forcing });
    expectPlain(cell, (state, x, { a, W2, h2, W1, h1, C }) => {
      let { z = filled(size) } = state;
      if (forcing !== undefined)
        z = z.map((e: number, i: number) =>
          i < x.length ? forcing * x[i] + (1 - forcing) * e : e,
        );
      const relu = (e: number) => Math.max(e, 0);
      const open = times(z, W2).map((e, i) => relu(e + h2[i]) - (clipped ? relu(e) : 0));
      const fed = C ? times(x, C) : filled(size);
      state.z = z.map((e: number, i: number) => a[i] * e + times(open, W1)[i] + h1[i] + fed[i]);
      return state.z;
    });
  });

  test("runs freely on its own predictions as if nothing were forced", () => {
    const [forced, free] = [0.7, 0].map((forcing) => shPlrnn({ size, input: 2, forcing }));
    const params = drawTree<any>(forced.params([2]), key(2), "float64");
    const context = { train: false, noise: undefined };
    let z = tensor([0.3, -0.2, 0.5, 0.1], { dtype: "float64" });
    let other = z;
    for (let t = 0; t < 5; t++) {
      z = forced.step({ z }, z.slice([0, 2]), params, context).output;
      other = free.step({ z: other }, other.slice([0, 2]), params, context).output;
    }
    expect(inner([...z.sub(other).data], [...z.sub(other).data])).toBeLessThan(1e-24);
  });

  test("the clipped form stays bounded from anywhere", () => {
    const cell = shPlrnn({ size, clipped: true, forcing: 0, input: 1 });
    const params = drawTree<any>(cell.params([1]), key(3), "float64");
    const W1 = params.W1.abs()
      .mul(params.h2.abs().reshape([16, 1]))
      .sum(0);
    const context = { train: false, noise: undefined };
    let z = tensor([1e3, -1e3, 1e3, 1e3], { dtype: "float64" });
    for (let t = 0; t < 500; t++)
      ({ output: z } = cell.step({ z }, z.slice([0, 1]), params, context));
    z.data.forEach((e, i) => {
      const bound = W1.data[i] / (1 - Math.abs(params.a.data[i]));
      expect(Math.abs(e)).toBeLessThanOrEqual(bound * (1 + 1e-9));
    });
  });

  test("bad options are refused", () => {
    expect(() => shPlrnn({ size: 2, forcing: 0.5 }).params([3])).toThrow(
      /2 units for observations of 3 numbers; expected at least 3/,
    );
    expect(() => shPlrnn({ size: 2, forcing: 1.5 }).params([1])).toThrow(/a share from 0 to 1/);
  });
});

describe("times", () => {
  const model = sequential(unroll(ltc({ size: 3, times: true, input: 2 })), dense(1));
  const params = model.init(key(0));
  const good = [
    [1, 0.5],
    [2, 0.5],
  ];
  const bad = [
    [1, 0.5],
    [2, 0],
  ];
  const told = /ltc: times: given the time 0 in row 1, moment 1; expected a time above 0/;

  test("one that is not positive is refused where it is data, with row and moment", () => {
    const x = tensor([good, bad]);
    expect(() => model.apply(params, x)).toThrow(told);
    expect(() => model.apply(params, x)).toThrow(/layer 0 of sequential/);
    const nan = tensor([[[1, NaN]]]);
    expect(() => model.apply(params, nan)).toThrow(/the time NaN in row 0, moment 0/);
    const both = sequential(unroll(bidirectional(cfc({ size: 2, times: true, input: 2 }))));
    expect(() => both.apply(both.init(key(0)), x)).toThrow(/cfc: times.*row 1, moment 1/);
    const above = sequential(unroll(stack(ltc({ size: 2, times: true, input: 2 }))));
    expect(() => above.apply(above.init(key(0)), x)).toThrow(told);
  });

  test("padding may hold any time", () => {
    const y = model.apply(params, tensor([good, bad]), { lengths: [2, 1] });
    expect(y.data.every(Number.isFinite)).toBe(true);
  });

  test("training, evaluation and streams look too", async () => {
    const data = [{ inputs: [good, bad], targets: [good, good].map((row) => row.map(() => [0])) }];
    const lesson = { model, data, loss: mse(), optimizer: adam(1e-3), epochs: 1 };
    await expect(async () => {
      for await (const _ of train(lesson));
    }).rejects.toThrow(told);
    await expect(evaluate({ model, data, loss: mse(), params })).rejects.toThrow(told);
    const live = model.stream(params);
    live.push([1, 0.5]);
    expect(() => live.push([1, -1])).toThrow(/the time -1 in row 0, moment 0/);
  });

  test("there must be a feature beside the time", () => {
    expect(() => cfc({ size: 2, times: true }).params([1])).toThrow(/an input of 1 feature/);
  });
});

test("other bad options are refused", () => {
  expect(() => cfc({ size: 2, gate: "open" as never }).params([1])).toThrow(/"open"/);
  expect(() => cfc({ size: 2, shared: 0 }).params([1])).toThrow(/cfc: shared.*≥ 1/);
  expect(() => ltc({ size: 2, unfolds: 0 }).params([1])).toThrow(/ltc: unfolds.*≥ 1/);
  expect(() => ltc({ size: 2, activation: "wave" }).params([1])).toThrow(/wave/);
});
