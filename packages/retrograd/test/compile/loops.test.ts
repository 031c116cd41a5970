/**
 * Loops at their edges, compiled: states that change places, stand still or are what an input says,
 * outputs that are inputs, no steps at all, loops in loops, loops whose end the data decide.
 */
import { associativeScan, remat, scan, type Tensor, tensor, where, whileLoop } from "retrograd";
import { describe, test } from "vitest";
import { trace } from "../../src/tensor/graph.ts";
import type { Type } from "../../src/tensor/tensor.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { batched, expectCompiled, tiles, transforms } from "./compiled.ts";

const float = (...shape: number[]): Type => ({ shape, dtype: "float64" });
const zero = tensor(0, { dtype: "int32" });

/** (state [2, 3], other state [2, 3], inputs [time, 2, 3], W [3, 3]) → results. */
type Case = (a: Tensor, b: Tensor, x: Tensor, W: Tensor) => readonly Tensor[];
const run = (step: (s: any, x: Tensor) => any, state: any, x: Tensor, options = {}): Tensor[] => {
  const { state: last, outputs } = scan(step, state, x, undefined, options);
  return [...Object.values(last), ...(outputs ? Object.values(outputs) : [])] as Tensor[];
};

const cases: Record<string, Case> = {
  "states change places": (a, b, x) =>
    run(({ a, b }, x) => ({ state: { a: b, b: a }, output: { y: a.mul(x) } }), { a, b }, x),
  "three states go round": (a, b, x) =>
    run(({ a, b, c }, x) => ({ state: { a: b, b: c, c: a.add(x) } }), { a, b, c: a }, x),
  "a state stands still": (a, b, x) =>
    run(({ a, b }, x) => ({ state: { a: a.add(b).mul(x), b }, output: { b } }), { a, b }, x),
  "a state is the input": (a, _b, x) =>
    run(({ a }, x) => ({ state: { a: x }, output: { was: a.mul(x) } }), { a }, x),
  "two states are one value": (a, b, x, W) =>
    run(
      ({ a, b }, x) => {
        const next = a.dot(W).add(b).add(x).tanh();
        return { state: { a: next, b: next }, output: { next, again: next } };
      },
      { a, b },
      x,
    ),
  "two states begin as one": (a, _b, x, W) =>
    run(({ a, b }, x) => ({ state: { a: a.dot(W), b: b.add(x) } }), { a, b: a }, x),
  "outputs that no state needs": (a, _b, x, W) =>
    run(
      ({ a }, x) => ({
        state: { a: a.mul(0.5).add(x) },
        output: { x, W, one: x.mul(0).add(1), product: x.dot(W), square: W.dot(W) },
      }),
      { a },
      x,
    ),
  "only outputs, nothing carried": (_a, _b, x, W) =>
    run((_, x) => ({ state: {}, output: { y: x.dot(W).tanh() } }), {}, x),
  "a state that only adds up": (a, _b, x, W) =>
    run(
      ({ h, dW, n }, x) => {
        const next = h.dot(W).add(x).tanh();
        return { state: { h: next, dW: dW.add(h.transpose().dot(next)), n: n.add(h) } };
      },
      { h: a, dW: W, n: a },
      x,
    ),
  "a state adds up what no step changes": (a, _b, x, W) =>
    run(
      ({ h, total }, x) => ({ state: { h: h.add(x), total: total.add(W.dot(W)) } }),
      { h: a, total: W },
      x,
    ),
  "a state is seen before and after": (a, _b, x, W) =>
    run(({ a }, x) => ({ state: { a: a.dot(W).add(x) }, output: { was: a.add(1) } }), { a }, x, {
      reverse: true,
    }),
  "a state written from itself turned": (a, _b, x) =>
    run(
      ({ a }, x) => ({ state: { a: a.flip(1).add(x), b: a.reshape([3, 2]).transpose() } }),
      {
        a,
        b: a,
      },
      x,
    ),
  "two loops after each other": (a, b, x, W) => {
    const [last, y] = run(
      ({ a }, x) => ({ state: { a: a.dot(W).add(x).tanh() }, output: { a } }),
      { a },
      x,
    );
    const step = ({ b }: { b: Tensor }, y: Tensor) => {
      const next = b.dot(W).add(y).tanh();
      return { state: { b: next }, output: { next } };
    };
    return run(step, { b: b.add(last) }, y, { reverse: true });
  },
  "a loop over recomputed loops": (a, _b, x, W) => {
    const part = remat((h: Tensor, xs: Tensor) => {
      const { state, outputs } = scan(
        (h: Tensor, x: Tensor) => {
          const next = h.dot(W).add(x).tanh();
          return { state: next, output: next.sum() };
        },
        h,
        xs,
      );
      return { state, outputs };
    });
    const chunks = x.reshape([x.shape[0] / 2, 2, 2, 3]);
    return run(
      ({ h }, xs) => {
        const { state, outputs } = part(h, xs);
        return { state: { h: state }, output: { outputs } };
      },
      { h: a },
      chunks,
    );
  },
  "totals of pairs": (_a, _b, x, W) => [
    associativeScan((p: Tensor, q: Tensor) => p.mul(q).add(p).add(q), x.dot(W)),
  ],
  "a choice inside": (a, b, x, W) =>
    run(
      ({ a, b }, x) => {
        const up = a.dot(W).greater(x);
        return { state: { a: where(up, a, x), b: where(up, b.mul(0.5), a) }, output: { a } };
      },
      { a, b },
      x,
    ),
};

describe.each(Object.entries(cases))("%s", (_, f) => {
  test.each([2, 4, 6])("%i steps", (time) => {
    const graph = trace([float(2, 3), float(2, 3), float(time, 2, 3), float(3, 3)], f);
    const chosen = time === 4 ? Object.values(transforms) : [transforms.value, transforms.vjp];
    const can = [time === 6 ? tiles.FUSED : tiles.PLAIN];
    for (const transform of chosen)
      expectCompiled(transform(graph), { rows: time === 6 ? 8 : 512, seed: time, can });
  });
});

test("no steps at all, and no rows at all", () => {
  const step = ({ h }: { h: Tensor }, x: Tensor) => {
    const next = h.add(x).tanh();
    return { state: { h: next }, output: { next } };
  };
  for (const shape of [
    [0, 2, 3],
    [3, 0, 3],
  ]) {
    const graph = trace([float(...shape.slice(1)), float(...shape)], (h, x) => run(step, { h }, x));
    for (const transform of Object.values(transforms)) expectCompiled(transform(graph));
  }
});

/** Loops that the data end have no backward; they have all the rest. */
const endless: Record<string, (x: Tensor, W: Tensor) => readonly Tensor[]> = {
  "the data decide how often": (x, W) => {
    const end = whileLoop(
      ({ h, n }) => n.less(40).and(h.abs().sum().less(30)),
      ({ h, n }) => ({ h: h.dot(W).add(h).mul(1.5), n: n.add(1) }),
      { h: x, n: zero },
    );
    return [end.h, end.n];
  },
  "not once": (x) => {
    const end = whileLoop(
      ({ h }) => h.sum().greater(1e6),
      ({ h }) => ({ h: h.add(1) }),
      { h: x },
    );
    return [end.h];
  },
  "states change places": (x, W) => {
    const end = whileLoop(
      ({ n }) => n.less(3),
      ({ a, b, n }) => ({ a: b, b: a.add(1), n: n.add(1) }),
      { a: x, b: x.dot(W), n: zero },
    );
    return [end.a, end.b];
  },
  "a scan within": (x, W) => {
    const end = whileLoop(
      ({ n }) => n.less(3),
      ({ h, n }) => ({
        h: scan((h: Tensor, row: Tensor) => ({ state: h.dot(W).add(row).tanh() }), h, x).state,
        n: n.add(1),
      }),
      { h: x.sum(0), n: zero },
    );
    return [end.h];
  },
  "within a scan": (x, W) =>
    run(
      ({ h }, row) => {
        const end = whileLoop(
          ({ g, n }) => n.less(5).and(g.square().sum().greater(0.1)),
          ({ g, n }) => ({ g: g.dot(W).mul(0.5), n: n.add(1) }),
          { g: h.add(row), n: zero },
        );
        return { state: { h: end.g.add(row) }, output: { n: end.n } };
      },
      { h: x.sum(0) },
      x,
    ),
  "within another": (x, W) => {
    const end = whileLoop(
      ({ n }) => n.less(2),
      ({ h, n }) => ({
        h: whileLoop(
          ({ m }) => m.less(2),
          ({ g, m }) => ({ g: g.dot(W).add(x), m: m.add(1) }),
          {
            g: h,
            m: zero,
          },
        ).g,
        n: n.add(1),
      }),
      { h: x, n: zero },
    );
    return [end.h];
  },
};

test.each(Object.entries(endless))("while: %s", (_, f) => {
  const graph = trace([float(3, 3), float(3, 3)], f);
  for (const g of [graph, jvp(graph), batched(graph), batched(jvp(graph))]) expectCompiled(g);
});
