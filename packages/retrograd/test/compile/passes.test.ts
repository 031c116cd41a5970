/**
 * Each pass over graphs alone: the program before it and after it compute the same by the reference,
 * it finds nothing more to do the second time, and it does what it is named after.
 */
import fc from "fast-check";
import { concatenate, grad, scan, stopGradient, type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { fuse } from "../../src/compile/fuse.ts";
import { optimise } from "../../src/compile/index.ts";
import { keep } from "../../src/compile/keep.ts";
import { chunkSize, moveWork } from "../../src/compile/move.ts";
import { prune } from "../../src/compile/prune.ts";
import { simplify } from "../../src/compile/simplify.ts";
import { split } from "../../src/compile/split.ts";
import { flattenSums } from "../../src/compile/sums.ts";
import { scanOp } from "../../src/loops/scan.ts";
import { map } from "../../src/ops/map.ts";
import { add, mul, slot, tanh } from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { printGraph } from "../../src/tensor/print.ts";
import type { Node } from "../../src/tensor/tensor.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { dataFor, expectClose, reference } from "../targets/targets.ts";
import { transforms } from "./compiled.ts";
import { cell, float, loops, names, nodes, products, twice } from "./smallest.ts";
import { graphOf, recurrences } from "./steps.ts";

const passes: Record<string, (g: Graph, rows: number) => Graph> = {
  simplify,
  prune,
  flattenSums,
  split: (g) => split(g),
  fuse: (g) => fuse(g),
  keep: (g) => keep(simplify(twice(g)), []),
  moveWork: (g, rows) => moveWork(g, [], rows),
  "keep, then moveWork": (g, rows) => moveWork(prune(keep(simplify(twice(g)), [])), [], rows),
  optimise: (g, rows) => optimise(g, rows).graph,
};
const settling: Record<string, (g: Graph) => Graph> = { simplify, prune: twice, flattenSums };

describe.each(Object.entries(passes))("%s", (_, pass) => {
  test("computes what was computed before", () => {
    fc.assert(
      fc.property(
        recurrences,
        fc.constantFrom(...Object.values(transforms)),
        fc.nat(100),
        (random, transform, seed) => {
          const before = transform(graphOf(random));
          const after = pass(before, random.chunk);
          expect(after.inputs).toEqual(before.inputs);
          const data = dataFor(before, seed);
          const want = reference(before, data);
          reference(after, data).forEach((y, k) =>
            expectClose(y, want[k], before.outputs[k].dtype, `output ${k}`),
          );
        },
      ),
      { numRuns: 25, seed: 51 },
    );
  });
});

test.each(Object.entries(settling))("%s finds nothing more to do the second time", (_, pass) => {
  fc.assert(
    fc.property(recurrences, (random) => {
      const once = pass(vjp(graphOf(random)));
      expect(printGraph(pass(once))).toBe(printGraph(once));
    }),
    { numRuns: 15, seed: 53 },
  );
});

// What each pass is for, on the smallest graph that shows it.

describe("simplify", () => {
  test("equal work is done once, and what changes nothing vanishes", () => {
    const g = trace([float(2, 3)], (x) => [
      stopGradient(x)
        .tanh()
        .add(x.reshape([2, 3]).tanh()),
      x.tanh().transpose().transpose(),
    ]);
    expect(names(simplify(g)).filter((n) => n === "tanh")).toEqual(["tanh"]);
    expect(names(simplify(g))).not.toContain("stopGradient");
    expect(names(simplify(g))).not.toContain("reshape");
  });
});

describe("sums", () => {
  test("additions of additions are one, and zeros leave", () => {
    const g = trace([float(2), float(2), float(2)], (x, y, z) => [
      x.add(y).add(z.add(tensor([0, 0], { dtype: "float64" }))),
    ]);
    const flat = flattenSums(g);
    expect(nodes(flat).length).toBe(1);
    expect(nodes(flat)[0].args.length).toBe(3);
  });

  test("cotangents of slices lie side by side: a concatenation", () => {
    const g = trace([float(2, 6)], (x) => {
      const loss = (x: Tensor) =>
        x
          .slice(null, [0, 2])
          .tanh()
          .sum()
          .add(x.slice(null, [3, 6]).square().sum());
      return [grad(loss)(x)];
    });
    const after = names(flattenSums(simplify(g)));
    expect(after).toContain("concatenate");
    expect(after).not.toContain("pad");
  });
});

describe("prune", () => {
  test("a loop loses the outputs, states and inputs that nobody needs", () => {
    const g = trace([float(2), float(2), float(5, 2), float(5, 2)], (a, b, x, y) => {
      const { state, outputs } = scan(
        ({ a, b, c }: Record<"a" | "b" | "c", Tensor>, [x, y]: Tensor[]) => ({
          state: { a: a.add(x), b: b.mul(y).add(c), c: c.mul(2) },
          output: [a, b],
        }),
        { a, b, c: b },
        [x, y],
      );
      return [state.a, outputs[0]];
    });
    const [loop] = loops(prune(g));
    expect([loop.states, loop.inputs, loop.step.outputs.length]).toEqual([1, 1, 2]);
  });

  test("states that only feed each other go together", () => {
    const g = trace([float(2), float(5, 2)], (a, x) => {
      const { state } = scan(
        ({ a, b, c }: Record<"a" | "b" | "c", Tensor>, x: Tensor) => ({
          state: { a: a.add(x), b: c, c: b },
        }),
        { a, b: a, c: a },
        x,
      );
      return [state.a];
    });
    expect(loops(prune(g))[0].states).toBe(1);
  });
});

describe("moveWork", () => {
  test("the product with the input is one, for all steps, before the loop", () => {
    const g = optimise(cell(5)).graph;
    const [loop] = loops(g);
    expect(products(loop.step).map((n) => n.outputs[0].shape)).toEqual([[2, 3]]);
    expect(products(g).map((n) => n.outputs[0].shape)).toEqual([[5, 2, 3]]);
  });

  test("what depends on params alone is computed once", () => {
    const g = trace([float(3), float(3, 3)], (h, W) => [
      scan((h: Tensor) => ({ state: h.dot(W.dot(W)) }), h, undefined, undefined, { length: 5 })
        .state,
    ]);
    const after = optimise(g).graph;
    expect(products(after).map((n) => n.outputs[0].shape)).toEqual([[3, 3]]);
    expect(products(loops(after)[0].step).length).toBe(1);
  });

  test("sums over time leave the loop as one product each", () => {
    const after = optimise(vjp(cell(5))).graph;
    for (const loop of loops(after))
      for (const t of loop.step.inputs.slice(0, loop.states)) expect(t.shape).toEqual([2, 3]);
    const sums = products(after).filter((n) => n.attrs.sizes && n.outputs[0].shape.length === 2);
    expect(sums.map((n) => n.outputs[0].shape).sort()).toEqual([
      [3, 3],
      [4, 3],
    ]);
    for (const n of sums) expect(Object.values(n.attrs.sizes)).toContain(5); // summed over time too
  });

  /** All nodes, of loops too. */
  const everywhere = (g: Graph): Node[] =>
    nodes(g).flatMap((n) => (n.op === scanOp ? [n, ...everywhere(n.attrs.step)] : [n]));
  /** The gradient before and after, on the same numbers. */
  const gradientOf = (g: Graph) => {
    const before = vjp(g);
    const after = optimise(before).graph;
    const data = dataFor(before, 4);
    const want = reference(before, data);
    reference(after, data).forEach((y, k) =>
      expectClose(y, want[k], before.outputs[k].dtype, `output ${k}`),
    );
    return after;
  };

  test("what no state needs adds up as products, also for parts of a param", () => {
    const g = trace([float(2, 3), float(5, 2, 3), float(2, 3, 4)], (h, x, C) => [
      scan(
        (h: Tensor, x: Tensor, C: Tensor) => {
          const next = h.mul(0.5).add(x);
          return { state: next, output: next.dot(C.slice(0)).sub(next.dot(C.slice(1))) };
        },
        h,
        x,
        C,
      ).outputs,
    ]);
    const after = gradientOf(g);
    for (const n of everywhere(after)) expect(n.outputs[0].shape).not.toEqual([5, 2, 3, 4]);
    for (const loop of loops(after))
      for (const t of loop.step.inputs.slice(0, loop.states)) expect(t.shape).toEqual([2, 3]);
    const sums = products(after).filter((n) => n.outputs[0].shape.length === 2);
    expect(sums.map((n) => n.outputs[0].shape)).toEqual([
      [3, 4],
      [3, 4],
    ]);
    for (const n of sums) expect(Object.values(n.attrs.sizes)).toContain(5); // over time too
  });

  test("the chain rule of what depends on params alone is applied once, to the sum", () => {
    const g = trace([float(2, 3), float(5, 2, 3), float(2, 3), float(3, 3)], (h, x, rates, U) => [
      scan(
        (h: Tensor, x: Tensor, p: Record<"rates" | "U", Tensor>) => {
          const [decay, gain] = [0, 1].map((k) => p.rates.slice(k).exp());
          return { state: h.mul(decay).add(x.dot(p.U).mul(gain)) };
        },
        h,
        x,
        { rates, U },
      ).state,
    ]);
    const after = gradientOf(g);
    const chain = everywhere(after).filter((n) => n.attrs?.name === "d exp");
    expect(chain.map((n) => Object.values(n.attrs.sizes))).toEqual([[3], [3]]); // and not 5
  });

  test("long loops are cut: what leaves them stays within a chunk", () => {
    const after = optimise(vjp(cell(40)), 8).graph; // two rows a step: chunks of four
    const outer = loops(after);
    expect(outer.map((l) => [l.length, l.chunk])).toEqual([
      [10, 4],
      [10, 4],
    ]);
    for (const { step } of outer)
      for (const n of products(step)) {
        const { operands, sizes } = n.attrs;
        const moved = [...new Set([...operands].join(""))].map((l) => sizes[l]);
        expect(moved).not.toContain(40);
      }
    expect(products(after)).toEqual([]);
  });

  test("a product with a vector of weights does not decide how long a chunk is", () => {
    const read = trace([float(2, 3), float(40, 2, 3), float(3, 3), float(3)], (h, x, W, v) => [
      scan(
        (s: Tensor, now: Tensor, p: Record<"W" | "v", Tensor>) => {
          const met = map("bd,cd->bcd", tanh(add(slot(0), slot(1))), [s, s]);
          const scores = map("bcd,d->bc", mul(slot(0), slot(1)), [met, p.v]); // four rows a step
          return { state: s.dot(p.W).add(now).mul(scores.sum()) };
        },
        h,
        x,
        { W, v },
      ).state,
    ]);
    expect(loops(optimise(read, 8).graph).map((l) => l.chunk)).toEqual([4]);
    expect(loops(optimise(read, 2).graph).map((l) => [l.length, l.chunk])).toEqual([
      [40, undefined],
    ]);
  });

  test("steps that are left over are a loop of their own", () => {
    const lengths = (time: number) => loops(optimise(cell(time), 8).graph).map((l) => l.length);
    expect(lengths(23)).toEqual([5, 3]);
    expect(lengths(24)).toEqual([6]);
    expect(lengths(7)).toEqual([7]);
  });

  test("chunks hold about the rows that are aimed at, and divide the length where they can", () => {
    for (const length of [1, 5, 63, 64, 100, 1000, 4096, 9973])
      for (const rows of [1, 2, 32, 100, 600]) {
        const size = chunkSize(length, rows);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(length);
        if (size < length) expect(size * rows).toBeLessThanOrEqual(Math.max(rows, 768));
      }
    expect(chunkSize(4096, 32)).toBe(8);
    expect(chunkSize(60, 32)).toBe(10);
  });
});

test("parts that are concatenated in a step stay what they are", () => {
  const g = trace([float(2), float(4, 2)], (h, x) => [
    scan(
      (h: Tensor, x: Tensor) => ({ state: concatenate([x.slice([0, 1]), h.slice([1, null])]) }),
      h,
      x,
    ).state,
  ]);
  const data = dataFor(g, 3);
  expect(reference(optimise(g).graph, data)).toEqual(reference(g, data));
});
