/** RWKV-7 against its equations. */
import { tensor } from "retrograd";
import { drawTree, rwkv7, rwkv7Channels, startOf, throughTime } from "retrograd/cells";
import { expect, test } from "vitest";
import { key } from "../../../src/ops/random.ts";
import { numbers } from "../../derivatives.ts";
import { describeCell } from "../describeCell.ts";
import { expectPlain, filled, gate, inner, plus, range, sigmoid, times } from "../plainLoop.ts";

describeCell("rwkv7", rwkv7({ size: 6, heads: 2, rank: 2 }));
describeCell("rwkv7 over several chunks", rwkv7({ size: 2, heads: 1, rank: 1 }), { time: 35 });
describeCell("rwkv7Channels", rwkv7Channels({ size: 4 }));

const shifted = (x: number[], last: number[], mix: number[]) =>
  x.map((e, i) => e + (last[i] - e) * mix[i]);

test("rwkv7: the equations of the paper", () => {
  const [size, heads] = [6, 2];
  const d = size / heads;
  expectPlain(rwkv7({ size, heads, rank: 2 }), (state, x, p) => {
    const { x: last = filled(x.length) } = state;
    const [xr, xk, xv, xw, xa, xg] = range(6).map((of) => shifted(x, last, p.mix[of]));
    state.x = x;
    const [r, k, v] = [xr, xk, xv].map((e, of) => gate(e, p.W, of));
    const low = [xw, xa, xg].map((e, of) => gate(e, p.A, of));
    const w = plus(gate(low[0].map(Math.tanh), p.B, 0), p.b[0]).map((e) =>
      Math.exp(-Math.exp(-0.5) * sigmoid(e)),
    );
    const a = plus(gate(low[1], p.B, 1), p.b[1]).map(sigmoid);
    const g = gate(low[2].map(sigmoid), p.B, 2);
    const key = k.map((e, i) => e * (1 + (a[i] - 1) * p.replacement[i]));
    state.S ??= range(heads).map(() => range(d).map(() => filled(d)));
    const y = range(heads).flatMap((head) => {
      const part = (t: number[]) => t.slice(head * d, (head + 1) * d);
      const raw = range(d).map((i) => part(k)[i] * part(p.removal)[i]);
      const removed = raw.map((e) => e / Math.sqrt(inner(raw, raw) + 1e-6));
      const old: number[][] = state.S[head];
      state.S[head] = range(d).map((i) =>
        range(d).map((j) => {
          const taken = range(d).reduce((sum, s) => sum + removed[s] * old[s][j], 0);
          return (
            part(w)[i] * old[i][j] - part(a)[i] * removed[i] * taken + part(key)[i] * part(v)[j]
          );
        }),
      );
      const told = range(d).map((j) =>
        range(d).reduce((sum, i) => sum + part(r)[i] * state.S[head][i][j], 0),
      );
      const mean = told.reduce((s, e) => s + e, 0) / d;
      const variance = told.reduce((s, e) => s + (e - mean) ** 2, 0) / d;
      const bonus = range(d).reduce((s, i) => s + part(r)[i] * part(p.bonus)[i] * part(key)[i], 0);
      return range(d).map(
        (j) =>
          ((told[j] - mean) / Math.sqrt(variance + 64e-5)) * part(p.scale)[j] +
          part(p.shift)[j] +
          bonus * part(v)[j],
      );
    });
    return times(
      y.map((e, i) => e * g[i]),
      p.Wo,
    );
  });
});

test("rwkv7Channels: the equation of the paper", () => {
  expectPlain(rwkv7Channels({ size: 3, hidden: 5 }), (state, x, { mix, Wk, Wv }) => {
    const { x: last = filled(x.length) } = state;
    state.x = x;
    const hidden = times(shifted(x, last, mix), Wk);
    return times(
      hidden.map((e) => Math.max(e, 0) ** 2),
      Wv,
    );
  });
});

test("the moment before is the valid one before", () => {
  const cell = rwkv7Channels({ size: 2 });
  const params = drawTree(cell.params([2]), key(1), "float64");
  const valid = [1, 0, 1, 1, 0, 1];
  const x = tensor(numbers(2)(12), { shape: [6, 1, 2] });
  const start = startOf(cell, params, [2], 1, "float64");
  const mask = tensor(
    valid.map((v) => [v === 1]),
    { dtype: "bool" },
  );
  const dense = x.take(tensor(Int32Array.of(0, 2, 3, 5)));
  for (const evaluation of ["sequential", "parallel"] as const)
    for (const reverse of [false, true]) {
      const holed = throughTime(cell, params, x, start, { mask, evaluation, reverse });
      const without = throughTime(cell, params, dense, start, { evaluation, reverse });
      const kept = holed.outputs.take(tensor(Int32Array.of(0, 2, 3, 5)));
      expect(kept.sub(without.outputs).abs().max().item()).toBeLessThan(1e-14);
      expect(holed.state.x.toArray()).toEqual(without.state.x.toArray());
    }
});

test("both forms agree in float32 where everything decays as fast as it can", () => {
  const cell = rwkv7({ size: 64, heads: 1 });
  const params = drawTree(cell.params([8]), key(1));
  params.b = params.b.mul(0).add(tensor([[12], [0]]));
  const x = tensor(Float32Array.from(numbers(2)(8 * 64)), { shape: [64, 1, 8] });
  const start = startOf(cell, params, [8], 1, "float32");
  const [steps, whole] = (["sequential", "parallel"] as const).map(
    (evaluation) => throughTime(cell, params, x, start, { evaluation }).outputs,
  );
  const largest = steps.abs().max().item();
  expect(whole.sub(steps).abs().max().item() / largest).toBeLessThan(1e-5);
});

test("bad options are refused", () => {
  expect(() => rwkv7({ size: 6 }).params([3])).toThrow(/rwkv7: heads: given 4 for 6 units/);
  expect(() => rwkv7({ size: 4 }).params([3])).toThrow(/heads of at least 2 units/);
  expect(() => rwkv7({ size: 8, rank: 0 }).params([3])).toThrow(/rwkv7: rank.*≥ 1/);
  expect(() => rwkv7Channels({ size: 4, hidden: 0.5 }).params([3])).toThrow(/hidden.*≥ 1/);
});
