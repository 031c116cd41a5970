/** LRU and S5, against their equations over complex numbers, and where they begin. */
import { random } from "retrograd";
import { drawTree, lru, s5, startOf, throughTime } from "retrograd/cells";
import { expect, test } from "vitest";
import { hippoNormal } from "../../../src/cells/linear/hippo.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { mapTree } from "../../../src/tensor/tree.ts";
import { describeCell } from "../describeCell.ts";
import { expectEquations, type Matrix, type Vector } from "./equations.ts";

describeCell("lru", lru({ size: 3, states: 4 }));
describeCell("lru with a diagonal way past it", lru({ size: 3, initial: "learned" }));
describeCell("s5", s5({ size: 3, states: 4 }));
describeCell("s5, bilinear", s5({ size: 2, states: 8, blocks: 2, discretisation: "bilinear" }));

type Z = [re: number, im: number];
const multiply = ([a, b]: Z, [c, d]: Z): Z => [a * c - b * d, a * d + b * c];
const divide = ([a, b]: Z, [c, d]: Z): Z => {
  const square = c * c + d * d;
  return [(a * c + b * d) / square, (b * c - a * d) / square];
};
const exp = ([a, b]: Z): Z => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)];

/** h' = a h + b (x B), y = scale · Re(h' C) + x D. */
function diagonal(a: Z[], b: Z[], scale: number, h: any, x: Vector, { B, C, D }: any): Vector {
  a.forEach((keep, k) => {
    const into = [0, 1].map((part) => x.reduce((sum, v, i) => sum + v * B[i][part][k], 0)) as Z;
    const [re, im] = multiply(keep, [h.re[k], h.im[k]]);
    const [bre, bim] = multiply(b[k], into);
    [h.re[k], h.im[k]] = [re + bre, im + bim];
  });
  return (C[0] as Matrix)[0].map((_, j) => {
    const read = a.reduce((sum, _, k) => sum + h.re[k] * C[0][k][j] - h.im[k] * C[1][k][j], 0);
    const past = Array.isArray(D[0]) ? x.reduce((s, v, i) => s + v * D[i][j], 0) : x[j] * D[j];
    return scale * read + past;
  });
}

for (const [what, input] of [
  ["a matrix", 2],
  ["a diagonal", 3],
] as const)
  expectEquations(`lru, with ${what} past it`, lru({ size: 3, states: 5 }), input, (s, x, p) => {
    const [nu, theta, gamma] = p.ring as Matrix;
    const lambda = nu.map((n, k) => exp([-Math.exp(n), Math.exp(theta[k])]));
    return diagonal(
      lambda,
      gamma.map((g) => [Math.exp(g), 0]),
      1,
      s.h,
      x,
      p,
    );
  });

const continuous = ({ rates, step }: any) =>
  (rates as Matrix)[0].map((r, k) => ({
    lambda: [-Math.exp(r), rates[1][k]] as Z,
    delta: Math.exp(step[k]),
  }));
expectEquations("s5, zero-order hold", s5({ size: 3, states: 6 }), 2, (s, x, p) => {
  const found = continuous(p).map(({ lambda: [re, im], delta }) => {
    const keep = exp([re * delta, im * delta]);
    return [keep, divide([keep[0] - 1, keep[1]], [re, im])] as const;
  });
  return diagonal(
    found.map(([a]) => a),
    found.map(([, b]) => b),
    2,
    s.h,
    x,
    p,
  );
});
expectEquations(
  "s5, bilinear",
  s5({ size: 3, states: 6, discretisation: "bilinear" }),
  3,
  (s, x, p) => {
    const found = continuous(p).map(({ lambda: [re, im], delta }) => {
      const below: Z = [1 - (re * delta) / 2, (-im * delta) / 2];
      const above: Z = [1 + (re * delta) / 2, (im * delta) / 2];
      return [divide(above, below), divide([delta, 0], below)] as const;
    });
    return diagonal(
      found.map(([a]) => a),
      found.map(([, b]) => b),
      2,
      s.h,
      x,
      p,
    );
  },
);

test("the ring of an LRU: evenly over its area, within its phases, and a gain that keeps size", () => {
  const [states, inner, outer, from, to] = [4000, 0.6, 0.9, 0.5, 1.5];
  const cell = lru({ size: 2, states, ring: [inner, outer], phase: [from, to] });
  const { ring } = drawTree<any>(cell.params([2]), random.key(3), "float64");
  const [nu, theta, gamma] = ring.toArray() as Matrix;
  const squares = nu.map((n) => Math.exp(-2 * Math.exp(n)));
  const angles = theta.map(Math.exp);
  const mean = (x: Vector) => x.reduce((a, b) => a + b, 0) / x.length;
  expect(Math.min(...squares)).toBeGreaterThanOrEqual(inner ** 2);
  expect(Math.max(...squares)).toBeLessThanOrEqual(outer ** 2);
  expect(mean(squares)).toBeCloseTo((inner ** 2 + outer ** 2) / 2, 2); // r² is uniform, not r
  expect(Math.min(...angles)).toBeGreaterThanOrEqual(from);
  expect(Math.max(...angles)).toBeLessThanOrEqual(to);
  expect(mean(angles)).toBeCloseTo((from + to) / 2, 1);
  gamma.forEach((g, k) => expect(Math.exp(2 * g)).toBeCloseTo(1 - squares[k], 12));
});

/** HiPPO-LegS plus the rank-one term that makes it normal, written as the papers do. */
const hippoN = (order: number): Matrix =>
  Array.from({ length: order }, (_, n) =>
    Array.from({ length: order }, (_, k) => {
      const legs = n > k ? -Math.sqrt((2 * n + 1) * (2 * k + 1)) : n === k ? -(n + 1) : 0;
      return legs + Math.sqrt(n + 0.5) * Math.sqrt(k + 0.5);
    }),
  );

test.each([2, 4, 10, 64])(
  "HiPPO-N of order %i: eigenvectors that turn, and are orthogonal",
  (order) => {
    const A = hippoN(order);
    const { frequencies, vectors } = hippoNormal(order);
    expect(frequencies.length).toBe(order / 2);
    expect(frequencies).toEqual([...frequencies].sort((a, b) => a - b));
    const size = frequencies[order / 2 - 1];
    const product = (a: Float64Array, b: Float64Array) =>
      a.reduce((sum, v, i) => sum + v * b[i], 0);
    vectors.forEach(({ re, im }, k) => {
      A.forEach((row, i) => {
        const [reA, imA] = [re, im].map((part) => row.reduce((sum, a, j) => sum + a * part[j], 0));
        // (−½ + iω)(re + i im)
        expect(Math.abs(reA - (-re[i] / 2 - frequencies[k] * im[i])) / size).toBeLessThan(1e-13);
        expect(Math.abs(imA - (-im[i] / 2 + frequencies[k] * re[i])) / size).toBeLessThan(1e-13);
      });
      vectors.forEach((other, l) => {
        const straight = product(re, other.re) + product(im, other.im);
        const crossed = product(re, other.im) - product(im, other.re);
        expect(straight).toBeCloseTo(k === l ? 1 : 0, 11);
        expect(crossed).toBeCloseTo(0, 11);
        expect(product(re, other.re) - product(im, other.im)).toBeCloseTo(0, 11); // the conjugates
        expect(product(re, other.im) + product(im, other.re)).toBeCloseTo(0, 11);
      });
    });
  },
);

test("S5 begins with eigenvalues of HiPPO-N, once for each block, and steps within their range", () => {
  const cell = s5({ size: 4, states: 16, blocks: 2, step: [0.01, 0.02] });
  const { rates, step } = drawTree<any>(cell.params([4]), random.key(1), "float64");
  const { frequencies } = hippoNormal(8);
  expect((rates.toArray() as Matrix)[0].map(Math.exp)).toEqual(
    Array(8).fill(Math.exp(Math.log(0.5))),
  );
  expect((rates.toArray() as Matrix)[1]).toEqual([...frequencies, ...frequencies]);
  for (const s of step.data) {
    expect(Math.exp(s)).toBeGreaterThanOrEqual(0.01 - 1e-9);
    expect(Math.exp(s)).toBeLessThanOrEqual(0.02 + 1e-9);
  }
});

/** X with M X = R, by elimination with pivots. */
function solve(M: Matrix, R: Matrix): Matrix {
  const rows = M.map((row, i) => [...row, ...R[i]]);
  rows.forEach((_, k) => {
    const best = rows
      .slice(k)
      .reduce((b, row, i) => (Math.abs(row[k]) > Math.abs(rows[b][k]) ? k + i : b), k);
    [rows[k], rows[best]] = [rows[best], rows[k]];
    rows[k] = rows[k].map((v) => v / rows[k][k]);
    rows.forEach((row, i) => {
      if (i !== k) rows[i] = row.map((v, j) => v - row[k] * rows[k][j]);
    });
  });
  return rows.map((row) => row.slice(M.length));
}

test("S5 as it begins is the dense state space of HiPPO-N", () => {
  const [order, input, size, delta, time] = [16, 40, 3, 0.05, 12];
  const cell = s5({ size, states: order, discretisation: "bilinear", step: [delta, delta] });
  const params = drawTree<any>(cell.params([input]), random.key(7), "float64");
  const { B: diagonalB, C: diagonalC, D } = mapTree(params, (t: Tensor) => t.toArray()) as any;
  const { vectors } = hippoNormal(order);
  const over = (f: (v: (typeof vectors)[number], k: number) => number) =>
    2 * vectors.reduce((sum, v, k) => sum + f(v, k), 0);
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  // x = 2 Re(V x̃), so B = 2 Re(V B̃) and C = 2 Re(C̃ V*).
  const B = range(order).map((n) =>
    range(input).map((i) =>
      over((v, k) => v.re[n] * diagonalB[i][0][k] - v.im[n] * diagonalB[i][1][k]),
    ),
  );
  const C = range(size).map((j) =>
    range(order).map((n) =>
      over((v, k) => v.re[n] * diagonalC[0][k][j] + v.im[n] * diagonalC[1][k][j]),
    ),
  );
  const meanSquare = (M: Matrix) => M.flat().reduce((sum, v) => sum + v * v, 0) / M.flat().length;
  expect(meanSquare(B) * input).toBeCloseTo(1, 0);
  expect(meanSquare(C) * order).toBeCloseTo(1, 0);

  const A = hippoN(order);
  const part = (sign: number) =>
    A.map((row, i) => row.map((a, j) => (i === j ? 1 : 0) + (sign * delta * a) / 2));
  const keep = solve(part(-1), part(1));
  const take = solve(
    part(-1),
    B.map((row) => row.map((b) => b * delta)),
  );
  const on = (M: Matrix, v: Vector) => M.map((row) => row.reduce((sum, m, i) => sum + m * v[i], 0));
  const xs = random.normal(random.key(2), [time, 1, input], { dtype: "float64" });
  const ran = throughTime(cell, params, xs, startOf(cell, params, [input], 1, "float64"));
  let state = Array(order).fill(0) as Vector;
  for (let t = 0; t < time; t++) {
    const x = xs.slice(t, 0).toArray() as Vector;
    const moved = on(take, x);
    state = on(keep, state).map((s, i) => s + moved[i]);
    const past = x.reduce((sum, v, i) => sum.map((s, j) => s + v * D[i][j]), Array(size).fill(0));
    const y = on(C, state).map((c, j) => c + past[j]);
    [...ran.outputs.slice(t, 0).data].forEach((v, j) => expect(v).toBeCloseTo(y[j], 11));
  }
});

test("bad options say what is wrong, and what would be right", () => {
  const first = (cell: any) => () => cell.params([3]);
  expect(first(lru({ size: 3, ring: [0.9, 0.5] }))).toThrow(/lru: ring.*0 ≤ inner < outer ≤ 1/s);
  expect(first(lru({ size: 3, ring: [0.5, 1.5] }))).toThrow(/lru: ring/);
  expect(first(lru({ size: 3, ring: 0.9 as never }))).toThrow(/lru: ring: given 0.9; expected two/);
  expect(first(s5({ size: 4, step: [0.1] as never }))).toThrow(/s5: step: given \[0.1\]/);
  expect(() => lru({ size: "3" as never })).toThrow(/lru: size: given "3"/);
  expect(first(lru({ size: 3, phase: [2, 1] }))).toThrow(/lru: phase.*radians/s);
  expect(first(lru({ size: 3, states: 0 }))).toThrow(/lru: states.*whole number/s);
  expect(first(s5({ size: 3, states: 6, blocks: 2 }))).toThrow(/s5: states.*even number/s);
  expect(first(s5({ size: 4, step: [0, 1] }))).toThrow(/s5: step.*0 < least/s);
  expect(first(s5({ size: 4, discretisation: "euler" as "zoh" }))).toThrow(/zoh, bilinear/);
  expect(() => lru({ size: 3, radius: 1 } as never)).toThrow(/ring, phase/);
});
