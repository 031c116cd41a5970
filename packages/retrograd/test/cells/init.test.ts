/** Initialisers: their moments, orthogonality, and that a draw depends on key and path alone. */
import { drawTree, init, lstm } from "retrograd/cells";
import { describe, expect, test } from "vitest";
import { normals } from "../../src/cells/draw.ts";
import * as random from "../../src/ops/random.ts";

const key = random.key(7);
const moments = (x: Float64Array) => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return { mean, variance, largest: x.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
};

describe("moments", () => {
  const shape = [80, 4, 120]; // four matrices of 80 × 120
  const cases: [string, ReturnType<typeof init.zeros>, number, number][] = [
    ["glorot uniform", init.glorot(shape), 2 / 200, Math.sqrt(6 / 200)],
    ["glorot normal", init.glorot(shape, "normal"), 2 / 200, Infinity],
    ["he normal", init.he(shape), 2 / 80, Infinity],
    ["he uniform", init.he(shape, "uniform"), 2 / 80, Math.sqrt(6 / 80)],
    ["uniform as PyTorch's cells", init.uniform(shape), 1 / 360, 1 / Math.sqrt(120)],
    ["normal", init.normal(shape, 0.5), 0.25, Infinity],
  ];
  test.each(cases)("%s", (_, initial, variance, bound) => {
    const found = moments(initial.draw(key));
    expect(Math.abs(found.mean)).toBeLessThan(4 * Math.sqrt(variance / 38_400));
    expect(found.variance / variance).toBeGreaterThan(0.96);
    expect(found.variance / variance).toBeLessThan(1.04);
    expect(found.largest).toBeLessThanOrEqual(bound);
  });
});

/** Largest difference of QᵀQ (or QQᵀ, of the smaller side) from the identity. */
function fromIdentity(q: (i: number, j: number) => number, rows: number, columns: number): number {
  const [long, short] = rows >= columns ? [rows, columns] : [columns, rows];
  const at = (i: number, j: number) => (rows >= columns ? q(i, j) : q(j, i));
  let worst = 0;
  for (let a = 0; a < short; a++)
    for (let b = 0; b < short; b++) {
      let product = 0;
      for (let i = 0; i < long; i++) product += at(i, a) * at(i, b);
      worst = Math.max(worst, Math.abs(product - (a === b ? 1 : 0)));
    }
  return worst;
}

test.each([
  [1, 1],
  [7, 7],
  [9, 4],
  [4, 9],
  [1, 5],
  [40, 40],
])("orthogonal [%i, %i]", (rows, columns) => {
  const x = init.orthogonal([rows, columns]).draw(key);
  expect(fromIdentity((i, j) => x[i * columns + j], rows, columns)).toBeLessThan(1e-13);
});

test("orthogonal is the Q of normal numbers whose R has a positive diagonal", () => {
  const [rows, columns] = [11, 7];
  const q = init.orthogonal([rows, columns]).draw(key);
  const a = normals(key, rows * columns, 1);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j <= i; j++) {
      let r = 0;
      for (let k = 0; k < rows; k++) r += q[k * columns + i] * a[k * columns + j];
      if (j === i) expect(r).toBeGreaterThan(0.01);
      else expect(Math.abs(r)).toBeLessThan(1e-13);
    }
});

test("every gate of an orthogonal [in, gates, out] is orthogonal, and gains scale", () => {
  const x = init.orthogonal([6, 3, 6], 2).draw(key);
  for (let g = 0; g < 3; g++) {
    const q = (i: number, j: number) => x[(i * 3 + g) * 6 + j] / 2;
    expect(fromIdentity(q, 6, 6)).toBeLessThan(1e-13);
  }
});

test("orthogonal matrices favour no direction: the mean of an entry is 0", () => {
  let sum = 0;
  for (let k = 0; k < 300; k++) sum += init.orthogonal([3, 3]).draw(random.key(k))[0];
  expect(Math.abs(sum / 300)).toBeLessThan(4 * Math.sqrt(1 / 3 / 300));
});

test("chrono: forget and input biases are opposite, and times lie within 1 and the longest", () => {
  const b = init.chrono([4, 200], 50, [-1, 1, 0, 0]).draw(key);
  for (let j = 0; j < 200; j++) {
    expect(b[j]).toBe(-b[200 + j]);
    expect(b[200 + j]).toBeGreaterThanOrEqual(0);
    expect(b[200 + j]).toBeLessThanOrEqual(Math.log(49));
    expect(b[400 + j]).toBe(0);
    expect(b[600 + j]).toBe(0);
  }
  const mean = moments(b.subarray(200, 400).map(Math.exp)).mean;
  expect(Math.abs(mean - 25)).toBeLessThan(4);
});

test("the forget bias is one, all others zero", () => {
  const params = drawTree(lstm({ size: 3 }).params([2]), key);
  expect(params.b.toArray()).toEqual([
    [0, 0, 0],
    [1, 1, 1],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test("a draw depends on key and path alone: a further parameter changes no other", () => {
  const W = init.normal([3, 3]);
  const one = drawTree({ a: { W }, b: W }, key);
  const two = drawTree({ before: init.normal([9]), a: { extra: W, W }, b: W }, key);
  expect([...two.a.W.data]).toEqual([...one.a.W.data]);
  expect([...two.b.data]).toEqual([...one.b.data]);
  expect([...one.b.data]).not.toEqual([...one.a.W.data]);
  const other = drawTree({ a: { W }, b: W }, random.key(8));
  expect([...other.b.data]).not.toEqual([...one.b.data]);
});

test.each([1, 2, 5, 40])(
  "spectral, %i units: the norm of its powers is that of the radius",
  (n) => {
    for (const [radius, seed] of [
      [0.9, 1],
      [1.3, 2],
      [0.5, 3],
    ]) {
      // ‖W^1024‖^(1/1024), by ten squarings, each scaled.
      let W = init.spectral([n, n], radius).draw(random.key(seed));
      let log = 0;
      for (let k = 1; k <= 10; k++) {
        const square = new Float64Array(n * n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++)
            for (let m = 0; m < n; m++) square[i * n + j] += W[i * n + m] * W[m * n + j];
        const size = Math.sqrt(square.reduce((sum, x) => sum + x * x, 0));
        log += Math.log(size) / 2 ** k;
        W = square.map((x) => x / size);
      }
      expect(Math.exp(log) / radius).toBeGreaterThan(0.98);
      expect(Math.exp(log) / radius).toBeLessThan(1.02);
    }
  },
);

test("spectral wants a square matrix", () => {
  expect(() => init.spectral([3, 4], 1)).toThrow(/a square matrix \[size, size\]/);
});
