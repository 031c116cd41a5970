/** The bound on what a matrix stretches by, against singular values by Jacobi rotations. */
import fc from "fast-check";
import { grad, jit, type Tensor, tensor, zeros } from "retrograd";
import { cell, spectralBound, spectralNorm, throughTime } from "retrograd/cells";
import { expect, test } from "vitest";
import { key, normal } from "../../../src/ops/random.ts";
import { trace } from "../../../src/tensor/graph.ts";
import { expectDerivatives } from "../../derivatives.ts";
import { singularValues } from "../plain.ts";

const matrix = (seed: number, m: number, n: number) =>
  normal(key(seed), [m, n], { dtype: "float64" });
const largest = (W: Tensor) => singularValues(W.toArray())[0];

test("the norm is the largest singular value, or hardly more", () => {
  const side = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(side, side, fc.nat(1e6), (m, n, seed) => {
      const W = matrix(seed, m, n);
      const ratio = spectralNorm(W).item() / largest(W);
      expect(ratio).toBeGreaterThan(1 - 1e-12);
      expect(ratio).toBeLessThan(Math.min(m, n) ** (1 / 2048) + 1e-12);
    }),
    { numRuns: 6 },
  );
});

test("it holds for equal singular values, tiny and huge matrices, and zeros", () => {
  const turn = tensor([[0, -3], [3, 0]], { dtype: "float64" }); // biome-ignore format: a matrix
  expect(spectralNorm(turn).item()).toBeCloseTo(3 * 2 ** (1 / 2048), 12);
  const W = matrix(1, 5, 4);
  for (const by of [1e-100, 1e100])
    expect(spectralNorm(W.mul(by)).item() / by).toBeCloseTo(spectralNorm(W).item(), 10);
  for (const by of [1e-30, 1e30])
    expect(spectralNorm(W.mul(by).cast("float32")).item() / by).toBeCloseTo(largest(W), 2);
  const none = zeros([3, 3], { dtype: "float64" });
  expect(spectralNorm(none).item()).toBe(0);
  expect(spectralBound(none, 0.5).abs().max().item()).toBe(0);
  expect([...grad((x: Tensor) => spectralBound(x, 0.5).sum())(none).data]).toEqual(
    Array(9).fill(1),
  );
});

test("what is no matrix is refused", () => {
  expect(() => spectralNorm(zeros([2]))).toThrow(/spectralNorm.*a matrix.*rank-mismatch/s);
});

test("a bound makes large matrices smaller and leaves small ones as they are", () => {
  const W = matrix(2, 6, 4);
  const sigma = largest(W);
  const bound = spectralBound(W, 0.9);
  expect(largest(bound)).toBeLessThan(0.9 + 1e-14);
  expect(largest(bound)).toBeGreaterThan(0.9 * 0.999);
  expect(spectralBound(W, sigma * 1.01).toArray()).toEqual(W.toArray());
});

test.each([0.5, 1, 100])("derivatives agree on both sides of the limit (%d)", (limit) => {
  const graph = trace([{ shape: [3, 5], dtype: "float64" }], (W) => [
    spectralBound(W, limit),
    spectralNorm(W),
  ]);
  expectDerivatives(graph, {
    order: limit === 1 ? 2 : 1,
    at: [Float64Array.from(matrix(3, 3, 5).data)],
  });
});

test("within a step it makes a recurrence that contracts, and is computed once", () => {
  const calm = cell({
    name: "calm",
    params: ({ input, size }, init) => ({
      Wh: init.normal([size, size]),
      Wx: init.glorot([input, size]),
    }),
    state: ({ size }) => ({ h: [size] }),
    step({ h }, x, { Wh, Wx }) {
      const next = h.dot(spectralBound(Wh, 0.8)).add(x.dot(Wx)).tanh();
      return { state: { h: next }, output: next };
    },
  })({ size: 5 });
  const params = { Wh: matrix(4, 5, 5), Wx: matrix(5, 2, 5) };
  const run = jit((h: Tensor, xs: Tensor) => throughTime(calm, params, xs, { h }).outputs);
  const xs = normal(key(6), [30, 1, 2], { dtype: "float64" });
  const [a, b] = [7, 8].map((seed) => run(matrix(seed, 1, 5), xs));
  const apart = (t: number) => a.at(t).sub(b.at(t)).norm().item();
  for (let t = 1; t < 30; t++) expect(apart(t)).toBeLessThanOrEqual(0.8 * apart(t - 1) + 1e-15);
  const traced = jit(
    (p: typeof params, x: Tensor) =>
      throughTime(calm, p, x, { h: zeros([1, 5], { dtype: "float64" }) }).state.h,
  );
  traced(params, xs);
  const [before, loop] = traced.explain().split("(scan)");
  expect(before.match(/product/g)?.length).toBeGreaterThanOrEqual(11);
  expect(loop).not.toMatch(/sqrt|log|exp/);
});
