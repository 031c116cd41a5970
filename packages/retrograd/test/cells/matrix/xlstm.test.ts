/** sLSTM and mLSTM against their equations without the stabilising state m, which must cancel. */
import { tensor } from "retrograd";
import { drawTree, mLstm, sLstm, startOf, throughTime } from "retrograd/cells";
import { expect, test } from "vitest";
import { key } from "../../../src/ops/random.ts";
import { describeCell } from "../describeCell.ts";
import { expectPlain, filled, gate, inner, plus, range, sigmoid } from "../plainLoop.ts";

describeCell("sLstm", sLstm({ size: 4, heads: 2 }));
describeCell("mLstm", mLstm({ size: 4, heads: 2, chunk: 4 }));
describeCell("mLstm in one chunk", mLstm({ size: 3, heads: 1, forget: "exponential" }));

for (const forget of ["logistic", "exponential"] as const) {
  const kept = forget === "logistic" ? sigmoid : Math.exp;

  test(`sLstm, ${forget} forgetting: the equations of the paper`, () => {
    const [size, heads] = [6, 2];
    const own = size / heads;
    expectPlain(sLstm({ size, heads, forget }), (state, x, { Wx, R, b }) => {
      const { h = filled(size), c = filled(size), n = filled(size) } = state;
      const [i, f, z, o] = range(4).map((at) => {
        const recurrent = range(heads).flatMap((head) =>
          gate(h.slice(head * own, (head + 1) * own), R[head], at),
        );
        return plus(gate(x, Wx, at), recurrent, b[at]);
      });
      state.c = range(size).map((j) => kept(f[j]) * c[j] + Math.exp(i[j]) * Math.tanh(z[j]));
      state.n = range(size).map((j) => kept(f[j]) * n[j] + Math.exp(i[j]));
      state.h = range(size).map((j) => (sigmoid(o[j]) * state.c[j]) / state.n[j]);
      return state.h;
    });
  });

  test(`mLstm, ${forget} forgetting: the equations of the paper`, () => {
    const [size, heads] = [6, 2];
    const d = size / heads;
    expectPlain(mLstm({ size, heads, forget }), (state, x, { W, b, Wg, bg }) => {
      const [q, k, v, o] = range(4).map((at) => plus(gate(x, W, at), b[at]));
      const [enter, forgotten] = [0, 1].map((at) => plus(gate(x, Wg, at), bg[at]));
      const { C = range(heads).map(() => range(d).map(() => filled(d))) } = state;
      const { n = range(heads).map(() => filled(d)) } = state;
      Object.assign(state, { C, n });
      return range(heads).flatMap((head) => {
        const part = (t: number[]) => t.slice(head * d, (head + 1) * d);
        const key = part(k).map((e) => e / Math.sqrt(d));
        const [i, f] = [Math.exp(enter[head]), kept(forgotten[head])];
        C[head] = range(d).map((r) =>
          range(d).map((c) => f * C[head][r][c] + i * key[r] * part(v)[c]),
        );
        n[head] = range(d).map((r) => f * n[head][r] + i * key[r]);
        const weight = Math.max(Math.abs(inner(n[head], part(q))), 1);
        return range(d).map((c) => {
          const told = inner(
            part(q),
            C[head].map((row: number[]) => row[c]),
          );
          return (sigmoid(part(o)[c]) * told) / weight;
        });
      });
    });
  });
}

test("exponents far out of range neither overflow nor vanish", () => {
  for (const evaluation of ["sequential", "parallel"] as const)
    for (const enter of [-150, 150]) {
      const cell = mLstm({ size: 4, heads: 2, chunk: 2 });
      const params = drawTree(cell.params([3]), key(0));
      params.bg = tensor([
        [enter, enter],
        [3, 3],
      ]);
      const xs = tensor([[[1, -1, 2]], [[0.5, 1, -1]], [[1, 1, 0]]]);
      const start = startOf(cell, params, [3], 1, "float32");
      const { outputs } = throughTime(cell, params, xs, start, { evaluation });
      expect(outputs.data.every(Number.isFinite)).toBe(true);
      if (enter > 0) expect(Math.max(...outputs.abs().data)).toBeGreaterThan(0.01);
    }
  const cell = sLstm({ size: 2 });
  const params = drawTree(cell.params([1]), key(0));
  params.b = tensor([
    [-150, 150],
    [3, 3],
    [1, 1],
    [0, 0],
  ]);
  const start = startOf(cell, params, [1], 1, "float32");
  const { outputs } = throughTime(cell, params, tensor([[[1]], [[2]]]), start);
  expect(outputs.data.every(Number.isFinite)).toBe(true);
});

test("heads must divide the units, and a chunk has a moment", () => {
  const make = (build: () => { params(shape: number[]): unknown }) => () => build().params([3]);
  expect(make(() => mLstm({ size: 6, heads: 4 }))).toThrow(
    /mLstm: heads: given 4 for 6 units; expected a number that divides 6: 1, 2, 3, 6/,
  );
  expect(make(() => sLstm({ size: 6, heads: 0 }))).toThrow(/sLstm: heads.*a whole number ≥ 1/);
  expect(make(() => mLstm({ size: 4, chunk: 0 }))).toThrow(/mLstm: chunk.*a whole number ≥ 1/);
  expect(make(() => sLstm({ size: 4, forget: "never" as never }))).toThrow(
    /forget: "never".*logistic/s,
  );
});
