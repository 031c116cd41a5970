/** Clipping: values by hand, and the running z-score against its algorithm written as a loop. */
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { type Clip, clipping } from "../../src/train/index.ts";

const grads = { a: tensor([3, 0]), b: [tensor([[0], [-4]])] };
const clipped = (clip: Clip, norm = 5) => {
  const { grads: g } = clip.apply(grads, tensor(norm), clip.init(), grads);
  return [...g.a.data, ...g.b[0].data];
};
const close = (values: number[]) => values.map((x) => expect.closeTo(x, 5));

test("by global norm: shortened in its own direction, or left alone", () => {
  expect(clipped(clipping({ norm: 1 }))).toEqual(close([0.6, 0, 0, -0.8]));
  expect(clipped(clipping({ norm: 10 }))).toEqual([3, 0, 0, -4]);
});
test("by value: each number on its own", () =>
  expect(clipped(clipping({ value: 3.5 }))).toEqual([3, 0, 0, -3.5]));
test("not at all", () => expect(clipped(clipping())).toEqual([3, 0, 0, -4]));

describe("by the weights of each unit", () => {
  const numbersOf = (n: number, seed: number) =>
    Float64Array.from({ length: n }, (_, i) => Math.sin(seed + 12.9 * i * i));
  const shapes = [[5, 3], [4, 2, 3], [6], []];
  const tree = (seed: number, scale: number) =>
    shapes.map((shape, k) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return tensor(
        numbersOf(size, seed + k).map((x) => scale * x),
        { shape },
      );
    });

  /** One tensor, by a loop over its units. */
  function byHand(g: Tensor, w: Tensor, limit: number): number[] {
    const fan = g.rank > 1 ? g.shape[0] : 1;
    const units = g.size / fan;
    const length = (t: Tensor, u: number) =>
      Math.sqrt(
        Array.from({ length: fan }, (_, i) => t.data[i * units + u] ** 2).reduce((a, b) => a + b),
      );
    return Array.from(g.data, (x, i) => {
      const [own, weights] = [length(g, i % units), length(w, i % units)];
      return own > limit * Math.max(weights, 1e-3)
        ? (x * limit * Math.max(weights, 1e-3)) / own
        : x;
    });
  }
  test.each([0.01, 0.4, 50])("at most %d of their norm, as in a loop over numbers", (limit) => {
    const [g, w] = [tree(1, 1), tree(2, 2)];
    const after = clipping({ adaptive: limit }).apply(g, tensor(1), {}, w).grads as Tensor[];
    after.forEach((t, k) =>
      byHand(g[k], w[k], limit).forEach((x, i) => expect(t.data[i]).toBeCloseTo(x, 12)),
    );
  });
  test("weights of zero can move, and a gradient of zero stays", () => {
    const [g, w] = [tensor([1, 0]), tensor([0, 0])];
    const { grads } = clipping({ adaptive: 0.1 }).apply([g], tensor(1), {}, [w]);
    expect([...(grads as Tensor[])[0].data]).toEqual(close([1e-4, 0]));
  });
});

describe("by a running z-score of the norm", () => {
  const options = { threshold: 2, decay: 0.9, warmUp: 4 };
  const norms = [1, 2, 1.5, 1.7, 1.6, 30, 1.4, 1e6, 2, 0.01];

  /** Norms after clipping, by the algorithm of the paper. */
  function byHand(): number[] {
    const first = norms.slice(0, 4);
    let mean = first.reduce((a, b) => a + b) / 4;
    let variance = first.reduce((sum, n) => sum + (n - mean) ** 2, 0) / 4;
    const rest = norms.slice(4).map((n) => {
      const z = (n - mean) / Math.sqrt(variance);
      const used = z > 2 ? mean + (4 / z) * Math.sqrt(variance) : n;
      mean = 0.9 * mean + 0.1 * used;
      variance = 0.9 * variance + 0.1 * (used - mean) ** 2;
      return used;
    });
    return [...first, ...rest];
  }

  test("outliers are drawn back, the rest is left alone", () => {
    const clip = clipping({ zscore: options });
    let state = clip.init();
    const used = norms.map((norm) => {
      const next = clip.apply([tensor([norm])], tensor(norm), state, [tensor([norm])]);
      state = next.state;
      return (next.grads as Tensor[])[0].item();
    });
    const want = byHand();
    used.forEach((x, i) => expect(x / want[i]).toBeCloseTo(1, 5));
    expect(used[5]).toBeLessThan(3);
    expect(state.count.item()).toBe(norms.length);
  });
});

test("options that make no sense are refused", () => {
  expect(() => clipping({ norm: 0 })).toThrowErrorMatchingSnapshot();
  expect(() => clipping({ norm: 1, value: 1 })).toThrowErrorMatchingSnapshot();
  expect(() => clipping({ length: 1 } as never)).toThrowErrorMatchingSnapshot();
  expect(() => clipping({ zscore: { decay: 1 } })).toThrowErrorMatchingSnapshot();
});
