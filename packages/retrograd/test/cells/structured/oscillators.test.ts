/** Steps of differential equations: antisymmetric, coRNN and UnICORNN. */
import { zeros } from "retrograd";
import { antisymmetric, type Cell, coRnn, drawTree, throughTime, uniCornn } from "retrograd/cells";
import { describe, expect, test } from "vitest";
import { key, normal } from "../../../src/ops/random.ts";
import { describeCell } from "../describeCell.ts";
import {
  added,
  each,
  expectEquations,
  identity,
  only,
  type PlainStep,
  plus,
  refusal,
  scaled,
  sigma,
  skew,
  tanh,
  times,
} from "../plain.ts";

const size = 4;
const cells: Record<string, [Cell, PlainStep]> = {
  antisymmetric: [
    antisymmetric({ size, dt: 0.2, diffusion: 0.1 }),
    (p, { h }, x) => {
      const M = added(skew(p.W), identity(size), -0.1);
      return only(plus(h, scaled(tanh(plus(times(h, M), times(x, p.Wx), p.b)), 0.2)));
    },
  ],
  "antisymmetric, gated": [
    antisymmetric({ size, dt: 0.2, diffusion: 0.1, gated: true }),
    (p, { h }, x) => {
      const fed = times(h, added(skew(p.W), identity(size), -0.1));
      const z = plus(fed, times(x, p.Wz), p.bz).map(sigma);
      const flow = tanh(plus(fed, times(x, p.Wx), p.b));
      return only(each((old, gate, f) => old + 0.2 * gate * f, h, z, flow));
    },
  ],
  coRnn: [
    coRnn({ size, dt: 0.1 }),
    (p, { y, v }, x) => {
      const drive = tanh(plus(times(y, p.W), times(v, p.Wv), times(x, p.Wx), p.b));
      const nextV = each((u, d, pos) => u + 0.1 * (d - 2.7 * pos - 4.7 * u), v, drive, y);
      const nextY = plus(y, scaled(nextV, 0.1));
      return { state: { y: nextY, v: nextV }, output: nextY };
    },
  ],
  uniCornn: [
    uniCornn({ size }),
    (p, { y, v }, x) => {
      const drive = tanh(
        plus(
          each((w, pos) => w * pos, p.w, y),
          times(x, p.Wx),
          p.b,
        ),
      );
      const dt = p.c.map((c: number) => 0.19 * (0.5 + 0.5 * Math.tanh(c / 2)));
      const nextV = each((u, s, d, pos) => u - s * (d + 30.65 * pos), v, dt, drive, y);
      const nextY = each((pos, s, u) => pos + s * u, y, dt, nextV);
      return { state: { y: nextY, v: nextV }, output: nextY };
    },
  ],
};
describe.each(Object.entries(cells))("%s", (name, [cell, step]) => {
  test("is its equations", () => {
    expectEquations(cell, step);
  });
  describeCell(name, cell);
});

test("an undriven coRnn is a damped oscillation, to first order in its step", () => {
  const end = (dt: number): number => {
    const cell = coRnn({ size: 1, dt, stiffness: 9, damping: 0.4 });
    const none = zeros([1, 1], { dtype: "float64" });
    // tanh(−b) is what is left of the drive: none.
    const params = { Wx: none, W: none, Wv: none, b: none.at(0) };
    const first = { y: none.add(1), v: none };
    const xs = zeros([Math.round(2 / dt), 1, 1], { dtype: "float64" });
    return throughTime(cell, params, xs, first).state.y.item();
  };
  const omega = Math.sqrt(9 - 0.04);
  const exact = Math.exp(-0.4) * (Math.cos(2 * omega) + (0.2 / omega) * Math.sin(2 * omega));
  const [coarse, fine] = [0.01, 0.005].map((dt) => Math.abs(end(dt) - exact));
  expect(coarse).toBeLessThan(0.02);
  expect(coarse / fine).toBeCloseTo(2, 0);
});

test("a uniCornn run backwards comes back to where it began", () => {
  const cell = uniCornn({ size: 3 });
  const params = drawTree<any>(cell.params([2]), key(5), "float64");
  const xs = normal(key(6), [40, 1, 2], { dtype: "float64" });
  const first = {
    y: normal(key(7), [1, 3], { dtype: "float64" }),
    v: zeros([1, 3], { dtype: "float64" }),
  };
  let { y, v } = throughTime(cell, params, xs, first).state;
  const scale = params.c.logistic().mul(0.19);
  for (let t = 39; t >= 0; t--) {
    y = y.sub(scale.mul(v));
    const drive = params.w.mul(y).add(xs.at(t).dot(params.Wx)).add(params.b).tanh();
    v = v.add(scale.mul(drive.add(y.mul(30.65))));
  }
  expect(y.sub(first.y).abs().max().item()).toBeLessThan(1e-11);
  expect(v.abs().max().item()).toBeLessThan(1e-10);
});

test("what cannot be is refused", () => {
  const params = (cell: Cell) => refusal(() => cell.params([3]));
  expect([
    params(antisymmetric({ size: 3, dt: 0 })),
    params(coRnn({ size: 3, damping: -1 })),
    params(uniCornn({ size: 3, stiffness: NaN })),
  ]).toMatchInlineSnapshot(`
    [
      "antisymmetric: dt: given 0; expected a number above 0.
      Give a number above 0.   (bad-argument)",
      "coRnn: damping: given -1; expected a number ≥ 0.
      Give a number ≥ 0.   (bad-argument)",
      "uniCornn: stiffness: given NaN; expected a number ≥ 0.
      Give a number ≥ 0.   (bad-argument)",
    ]
  `);
});
