/** Minimal GRU and LSTM, and the real-gated LRU, against their equations and at their edges. */
import { grad, random, type Tensor, tensor } from "retrograd";
import { type Cell, drawTree, minGru, minLstm, rgLru, startOf, throughTime } from "retrograd/cells";
import { expect, test } from "vitest";
import { describeCell } from "../describeCell.ts";
import {
  expectEquations,
  gate,
  type Matrix,
  sigmoid,
  softplus,
  times,
  type Vector,
} from "./equations.ts";

describeCell("minGru", minGru({ size: 4 }));
describeCell(
  "minGru that stays positive, for long memories",
  minGru({ size: 3, candidate: "positive", chrono: 9 }),
);
describeCell("minLstm", minLstm({ size: 4, chrono: 5 }));
describeCell("rgLru", rgLru({ size: 4, initial: "learned" }));

const affine = (x: Vector, { W, b }: { W: number[][][]; b: Matrix }, k: number): Vector =>
  times(x, gate(W, k)).map((v, j) => v + b[k][j]);
const kinds = { linear: (x: number) => x, positive: (x: number) => (x > 0 ? x + 0.5 : sigmoid(x)) };

for (const [candidate, shaped] of Object.entries(kinds) as ["linear", (x: number) => number][]) {
  expectEquations(`minGru, ${candidate}`, minGru({ size: 5, candidate }), 3, (s, x, p) => {
    const z = affine(x, p, 0).map(sigmoid);
    const n = affine(x, p, 1).map(shaped);
    s.h = (s.h as Vector).map((h, j) => (1 - z[j]) * h + z[j] * n[j]);
    return s.h;
  });
  expectEquations(`minLstm, ${candidate}`, minLstm({ size: 5, candidate }), 3, (s, x, p) => {
    const [f, i] = [0, 1].map((k) => affine(x, p, k).map(sigmoid));
    const n = affine(x, p, 2).map(shaped);
    s.h = (s.h as Vector).map((h, j) => (f[j] * h + i[j] * n[j]) / (f[j] + i[j]));
    return s.h;
  });
}

expectEquations("rgLru", rgLru({ size: 4 }), 2, (s, x, p) => {
  const u = times(x, p.W);
  const r = affine(u, { W: p.gates, b: p.b }, 0).map(sigmoid);
  const i = affine(u, { W: p.gates, b: p.b }, 1).map(sigmoid);
  s.h = (s.h as Vector).map((h, j) => {
    const a = sigmoid(p.rate[j]) ** (8 * r[j]);
    return a * h + Math.sqrt(1 - a * a) * (i[j] * u[j]);
  });
  return s.h;
});

test("the decays of an rgLru begin where the paper has them", () => {
  const cell = rgLru({ size: 2000 });
  const { rate } = drawTree<any>({ rate: cell.params([2000]).rate }, random.key(1), "float64");
  const powers = [...(rate as Tensor).data].map((v) => Math.exp(-8 * softplus(-v)));
  expect(Math.min(...powers)).toBeGreaterThan(0.8999);
  expect(Math.max(...powers)).toBeLessThan(0.9991);
  expect(powers.reduce((a, b) => a + b, 0) / powers.length).toBeCloseTo(0.9495, 2);
});

test("gates that are shut for good leave finite gradients", () => {
  const cells: Cell[] = [rgLru({ size: 2 }), minGru({ size: 2 }), minLstm({ size: 2 })];
  for (const cell of cells) {
    const params = drawTree<any>(cell.params([2]), random.key(0));
    const shut = { ...params, b: params.b.sub(200) };
    const first = startOf(cell, shut, [2], 1, "float32");
    const loss = (p: any) =>
      throughTime(cell, p, tensor([[[1, 2]], [[3, 4]]]), first).outputs.sum();
    const slopes = Object.values(grad(loss)(shut)) as Tensor[];
    for (const slope of slopes) for (const v of slope.data) expect(v).toSatisfy(Number.isFinite);
  }
});

test("an unknown candidate is refused", () => {
  const cell = minGru({ size: 2, candidate: "square" as "linear" });
  expect(() =>
    throughTime(cell, drawTree(cell.params([1]), random.key(0)) as any, tensor([[[1]]]), {
      h: tensor([[0, 0]]),
    }),
  ).toThrow(/linear, positive/);
});
