/** Loops written in other ways compute what the loop computes, forward and backward. */

import fc from "fast-check";
import { grad, random, scan, type Tensor, tensor } from "retrograd";
import { expect, test } from "vitest";
import { checkpointed, loopsOf, probed, truncatedAt, unrolled } from "../../src/check/loops.ts";
import { type Graph, run } from "../../src/tensor/graph.ts";
import { traceTree } from "../../src/transform/function.ts";
import { vjp } from "../../src/transform/vjp.ts";

/** h' = tanh(a h + x), y = h' x: the sum of y², and of h' at the end. */
function graphOf(time: number, reverse: boolean): { graph: Graph; args: Float64Array[] } {
  const x = Float64Array.from({ length: time }, (_, t) => Math.sin(3 * t + 1));
  const f = (a: Tensor, h0: Tensor, xs: Tensor) => {
    const ran = scan(
      ({ h }: { h: Tensor }, now: Tensor, p: Tensor) => {
        const next = h.mul(p).add(now).tanh();
        return { state: { h: next }, output: next.mul(now) };
      },
      { h: h0 },
      xs,
      a,
      { reverse },
    );
    const y = ran.outputs as Tensor;
    return y.mul(y).sum().add(ran.state.h);
  };
  const d = { dtype: "float64" as const };
  const given = [tensor(0.9, d), tensor(0.3, d), tensor(x)] as const;
  const { graph } = traceTree(f, given);
  return { graph, args: given.map((t) => Float64Array.from(t.data)) };
}

/**
 * The loss and its gradient by a, h0 and x, by hand; the adjoint is dropped where `cut` says that a
 * window begins, in the order of the loop.
 */
function byHand(args: Float64Array[], reverse: boolean, cut = (_: number) => false): number[][] {
  const [[a], [h0], series] = args;
  const x = reverse ? [...series].reverse() : [...series];
  const h = [h0];
  for (const now of x) h.push(Math.tanh(a * h[h.length - 1] + now));
  const loss = x.reduce((s, now, t) => s + (h[t + 1] * now) ** 2, h[x.length]);
  const dx = x.map(() => 0);
  let [da, adjoint] = [0, 1];
  for (let t = x.length - 1; t >= 0; t--) {
    adjoint += 2 * h[t + 1] * x[t] ** 2;
    const inner = adjoint * (1 - h[t + 1] ** 2);
    da += inner * h[t];
    dx[t] = inner + 2 * h[t + 1] ** 2 * x[t];
    adjoint = cut(t) ? 0 : inner * a;
  }
  return [[loss], [da], [adjoint], reverse ? dx.reverse() : dx];
}

const near = (found: readonly Float64Array[], wanted: number[][]) =>
  found.forEach((part, k) => {
    expect(part.length).toBe(wanted[k].length);
    part.forEach((v, i) => expect(v).toBeCloseTo(wanted[k][i], 11));
  });

/** Loss and gradient of a graph. */
const both = (graph: Graph, args: Float64Array[]) => {
  const back = vjp(graph);
  return [run(graph, args)[0], ...run(back, [...args, Float64Array.of(1)])];
};

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 10 }),
  fc.boolean(),
);

test("any length, any window, either way: the loop, unrolled, checkpointed, by hand", () => {
  fc.assert(
    fc.property(shapes, ([time, window, reverse]) => {
      const { graph, args } = graphOf(time, reverse);
      const exact = byHand(args, reverse);
      near(both(graph, args), exact);
      near(both(unrolled(graph), args), exact);
      near(both(checkpointed(graph, window), args), exact);
      expect(loopsOf(unrolled(graph))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test("any length, any window, either way: the gradient cut off at each window, by hand", () => {
  fc.assert(
    fc.property(shapes, ([time, window, reverse]) => {
      const { graph, args } = graphOf(time, reverse);
      const late = byHand(args, reverse, (t) => t % window === 0);
      near(both(truncatedAt(graph, window), args), late);
      const early = byHand(args, reverse, (t) => t === 0 || (time - t) % window === 0);
      near(both(truncatedAt(graph, window, "first"), args), early);
    }),
    { numRuns: 30 },
  );
});

test("a probe is the gradient by the state that enters a step", () => {
  const { graph, args } = graphOf(5, false);
  const { graph: own, probes } = probed(graph);
  expect(probes.map(({ state }) => state)).toEqual(["h"]);
  const zeros = new Float64Array(5);
  const found = both(own, [...args, zeros]);
  // What enters step 0 is the first state; what enters step t is that of a loop that begins there.
  const wanted = Array.from({ length: 5 }, (_, t) => {
    const [[a], [h0], series] = args;
    let h = h0;
    for (let s = 0; s < t; s++) h = Math.tanh(a * h + series[s]);
    return byHand([Float64Array.of(a), Float64Array.of(h), series.slice(t)], false)[2][0];
  });
  wanted.forEach((w, t) => expect(found[4][t]).toBeCloseTo(w, 11));
});

test("loops within loops are written out too", () => {
  const nested = (x: Tensor) =>
    scan(
      ({ h }: { h: Tensor }, now: Tensor) => {
        const inner = scan(
          ({ g }: { g: Tensor }, y: Tensor) => ({ state: { g: g.mul(y).sin() } }),
          { g: h },
          now,
        );
        return { state: { h: inner.state.g } };
      },
      { h: tensor(1, { dtype: "float64" }) },
      x,
    ).state.h;
  const x = random.normal(random.key(1), [3, 4], { dtype: "float64" });
  const { graph } = traceTree((t: Tensor) => [nested(t)], [x]);
  const long = unrolled(graph);
  expect(loopsOf(long)).toEqual([]);
  const slope = run(vjp(long), [Float64Array.from(x.data), Float64Array.of(1)])[0];
  grad(nested)(x).data.forEach((g, i) => expect(slope[i]).toBeCloseTo(g, 12));
});
