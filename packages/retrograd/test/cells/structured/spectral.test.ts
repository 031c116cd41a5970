/** The bound on what a matrix stretches by, against singular values by Jacobi rotations. */
import fc from "fast-check";
import { grad, type Tensor, tensor, zeros } from "retrograd";
import { spectralBound, spectralNorm } from "retrograd/cells";
import { expect, test } from "vitest";
import { key, normal } from "../../../src/ops/random.ts";
import { trace } from "../../../src/tensor/graph.ts";
import { expectDerivatives } from "../../derivatives.ts";
import { singularValues } from "../plain.ts";

const matrix = (seed: number, m: number, n: number) =>
  normal(key(seed), [m, n], { dtype: "float64" });
const largest = (W: Tensor) => singularValues(W.toArray())[0];

test("the norm is the largest singular value, or hardly more", () => {
  const side = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(side, side, fc.nat(1e6), (m, n, seed) => {
      const W = matrix(seed, m, n);
      const ratio = spectralNorm(W).item() / largest(W);
      expect(ratio).toBeGreaterThan(1 - 1e-12);
      expect(ratio).toBeLessThan(Math.min(m, n) ** (1 / 2048) + 1e-12);
    }),
    { numRuns: 8 },
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
