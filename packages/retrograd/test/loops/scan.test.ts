/** scan: derivatives of every order, batching, and equality with what it abbreviates. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { scanOp } from "../../src/loops/scan.ts";
import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { add, mul, slot, tanh } from "../../src/scalar/index.ts";
import { type Graph, run, topological, trace } from "../../src/tensor/graph.ts";
import { placeholder, type Tensor, type Type, tensor } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/batch.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { expectDerivatives, numbers, valuesOf } from "../derivatives.ts";
import { looped, steps, unrolled } from "./steps.ts";

const near = (a: Float64Array, b: Float64Array) => {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => expect(x).toBeCloseTo(b[i], 11));
};
const random = (types: readonly Type[], seed: number) => {
  const draw = numbers(seed);
  return types.map((t) => valuesOf(t, draw));
};

test("any scan equals its unrolled graph, and so do its derivatives", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (step, seed) => {
      const [loop, flat] = [looped(step), unrolled(step)];
      for (const f of [(g: Graph) => g, vjp, jvp, (g: Graph) => vjp(vjp(g))]) {
        const args = random(f(loop).inputs, seed);
        const want = run(f(flat), args);
        run(f(loop), args).forEach((y, k) => near(y, want[k]));
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});

test("any scan: differences, forward and reverse mode agree, at first and second order", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (step, seed) => {
      expectDerivatives(looped(step), { seed, order: 2 });
    }),
    { numRuns: 60, seed: 5 },
  );
});

/** One sample of each batched argument. */
const sample = (
  args: readonly Float64Array[],
  which: readonly boolean[],
  b: number,
  size: number,
) =>
  args.map((a, k) => (which[k] ? a.slice((b * a.length) / size, ((b + 1) * a.length) / size) : a));

test("any batched scan computes each sample alone, and so do per-example gradients", () => {
  fc.assert(
    fc.property(steps, fc.nat(), fc.infiniteStream(fc.boolean()), (step, seed, coins) => {
      const size = 2;
      for (const one of [looped(step), vjp(looped(step))]) {
        const which = one.inputs.map(() => coins.next().value as boolean);
        const all = batch(one, which, size);
        const args = random(all.inputs, seed);
        const got = run(all, args);
        for (let b = 0; b < size; b++)
          run(one, sample(args, which, b, size)).forEach((y, k) =>
            near(got[k].slice(b * y.length, (b + 1) * y.length), y),
          );
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test("a batch over params alone: one input seen by many models", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (step, seed) => {
      const size = 3;
      const one = looped({ ...step, params: ["a", "ab"] });
      const which = one.inputs.map((_, k) => k >= one.inputs.length - 2);
      const all = batch(one, which, size);
      const args = random(all.inputs, seed);
      const got = run(all, args);
      for (let b = 0; b < size; b++)
        run(one, sample(args, which, b, size)).forEach((y, k) => {
          near(got[k].slice(b * y.length, (b + 1) * y.length), y);
        });
      expectDerivatives(all, { seed });
    }),
    { numRuns: 20, seed: 9 },
  );
});

test("samples of a loop that carries nothing are further turns of it", () => {
  const one = trace([float(4, 3), float(4), float(3, 2)], (rows, by, W) => {
    const body = tanh(mul(slot(0), slot(1)));
    const turn = (_: object, { row, factor }: Record<"row" | "factor", Tensor>) =>
      [{}, map("j,->j", body, [dot(row, W), factor])] as const;
    return [scan(turn, {}, { row: rows, factor: by }).outputs];
  });
  const args = random([float(2, 4, 3), float(4), float(3, 2)], 11);
  const all = batch(one, [true, false, false], 2);
  const loops = topological(all.outputs).filter((n) => n.op === scanOp);
  expect(loops.map((n) => n.attrs.length)).toEqual([8]);
  const [got] = run(all, args);
  for (let b = 0; b < 2; b++) {
    const [alone] = run(one, sample(args, [true, false, false], b, 2));
    near(got.slice(b * 8, b * 8 + 8), alone);
  }
  expectDerivatives(all, { order: 2 });
});

const dot = (x: Tensor, w: Tensor) =>
  map("i,ij->j", mul(slot(0), slot(1)), [x, w], { name: "dot" });
const plusTanh = (a: Tensor, b: Tensor) => map("j,j->j", tanh(add(slot(0), slot(1))), [a, b]);
const total = (x: Tensor) => map("tj->", slot(0), [x]);
const float = (...shape: number[]): Type => ({ shape, dtype: "float32" });

test("a scan within a scan, with params and states captured from outside", () => {
  const graph = trace([float(3), float(2, 2, 3), float(3, 3)], (h0, x, W) => {
    const outer = scan(
      ({ h }, row: Tensor) => {
        const inner = scan(
          ({ g }, moment: Tensor) => {
            const g2 = plusTanh(dot(g, W), plusTanh(moment, h));
            return { state: { g: g2 }, output: g2 };
          },
          { g: h },
          row,
        );
        return { state: { h: inner.state.g }, output: total(inner.outputs) };
      },
      { h: h0 },
      x,
    );
    return [outer.state.h, outer.outputs];
  });
  expectDerivatives(graph, { order: 2 });
  const all = batch(graph, [false, true, false], 2);
  expectDerivatives(all, { order: 1 });
});

test("a scan of no steps gives back its state, and its gradient", () => {
  const graph = trace([float(3), float(0, 3)], (h, x) => {
    const { state, outputs } = scan((h, x: Tensor) => [plusTanh(h, x), h], h, x);
    return [state, outputs];
  });
  const args = [Float64Array.of(1, 2, 3), new Float64Array(0)];
  expect(run(graph, args).map((y) => [...y])).toEqual([[1, 2, 3], []]);
  const back = run(vjp(graph), [...args, Float64Array.of(4, 5, 6), new Float64Array(0)]);
  expect(back.map((y) => [...y])).toEqual([[4, 5, 6], []]);
});

test("concrete tensors are computed at once, in float64, and rounded at the end", () => {
  const x = tensor([0.1, 0.2, 0.3]);
  const { state, outputs } = scan(
    (sum: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = map(",->", add(slot(0), slot(1)), [sum, x]);
      return [next, next];
    },
    tensor(0),
    x,
  );
  const exact = x.data[0] + x.data[1] + x.data[2];
  expect(state.item()).toBe(Math.fround(exact));
  expect(outputs.shape).toEqual([3]);
  expect(outputs.isConcrete).toBe(true);
});

test("a scan without inputs is told its length", () => {
  const { state, outputs } = scan(
    (n: Tensor) => ({ state: map("->", mul(slot(0), 2), [n]), output: n }),
    tensor(1, { dtype: "int32" }),
    undefined,
    undefined,
    { length: 5 },
  );
  expect(state.item()).toBe(32);
  expect(state.dtype).toBe("int32");
  expect(outputs.toArray()).toEqual([1, 2, 4, 8, 16]);
});

test("a step may show nothing", () => {
  const { state, outputs } = scan(
    (h: Tensor, x: Tensor) => ({ state: plusTanh(h, x) }),
    tensor([0, 0]),
    tensor([[1, 2]]),
  );
  expect(state.shape).toEqual([2]);
  expect(outputs).toBeUndefined();
});

test("messages", () => {
  const h = placeholder(float(4), "h");
  const x = placeholder(float(5, 3), "x");
  const W = placeholder(float(3, 4), "W");
  expect(() =>
    scan(({ h }, x: Tensor) => ({ state: { h: x }, output: h }), { h }, x),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: state "h" enters the step as [4] and leaves it as [3].
      A state must keep its shape and dtype from one step to the next.   (state-shape)]
  `);
  expect(() =>
    scan(({ h }) => ({ state: { g: h } }) as any, { h }, x),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: the next state of scan: the tree has g; expected h.
      Return the same nested objects and arrays that were given.   (tree-mismatch)]
  `);
  expect(() =>
    scan(({ h }) => ({ state: { h } }), { h }, { x, y: placeholder(float(6, 3)) }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: input "x" [5, 3] says 5 time steps, but input "y" [6, 3] says 6.
      The leading axis of every input is time: make them equally long, or pad and mask.   (scan-length)]
  `);
  expect(() =>
    scan(({ h }) => ({ state: { h } }), { h }, x, {}, { length: 6 }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: the option length says 6 time steps, but the input [5, 3] says 5.
      The leading axis of every input is time: make them equally long, or pad and mask.   (scan-length)]
  `);
  expect(() => scan(({ h }) => ({ state: { h } }), { h })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: given neither an input nor a length; expected a number of steps: scan(…, { length }).
      Give a number of steps: scan(…, { length }).   (bad-argument)]
  `);
  expect(() => scan(({ h }) => h as any, { h }, x)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: the step of scan: given h [4]; expected { state, output }, or [state, output].
      Give { state, output }, or [state, output].   (bad-argument)]
  `);
  expect(() =>
    scan(({ h }) => ({ state: { h } }), { h }, W, {}, { backwards: true } as any),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: "backwards" is not known.
      Use one of: reverse, length, lengths, mask.   (unknown-option)]
  `);
  expect(() =>
    scan(({ h }, _x, { n }) => ({ state: { h: dot(h, n.W) } }), { h }, x, { n: { W } }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: dot: axis "i" is 4 in h [4] but 3 in n.W [3, 4].
      Make both axes 4, or both 3.
      in the step of scan   (axis-mismatch)]
  `);
  expect(() =>
    scan(({ h }) => ({ state: { h: (h as any) > 0 ? h : x } }), { h }, x),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: h [4] has no value yet: it is being traced, so JavaScript cannot read it or branch on it.
      To choose by it, use where(condition, a, b); to read it, return it and read what the call gives.
      in the step of scan   (traced-value)]
  `);
});
