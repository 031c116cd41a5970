/** whileLoop: the data decide how often; forward derivatives, batching, and the refusal of others. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { whileLoop } from "../../src/jit/learned.ts";
import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { add, and, div, greater, less, mul, slot, sub, tanh } from "../../src/scalar/index.ts";
import { run, trace } from "../../src/tensor/graph.ts";
import { placeholder, type Tensor, type Type, tensor } from "../../src/tensor/tensor.ts";
import { batch, grad, jacobian, jvp } from "../../src/transform/api.ts";
import { batch as batchOfGraph } from "../../src/transform/batch.ts";
import { jvp as jvpOfGraph } from "../../src/transform/jvp.ts";

const number = (x: number) => tensor(x, { dtype: "float64" });
const float = (...shape: number[]): Type => ({ shape, dtype: "float64" });

/** √a by Newton's method: as many steps as it takes. */
const root = (a: Tensor): { x: Tensor; steps: Tensor } =>
  whileLoop(
    ({ x, steps }) =>
      map(
        ",,->",
        and(
          greater(
            mul(sub(mul(slot(0), slot(0)), slot(1)), sub(mul(slot(0), slot(0)), slot(1))),
            1e-24,
          ),
          less(slot(2), 50),
        ),
        [x, a, steps],
      ),
    ({ x, steps }) => ({
      x: map(",->", mul(0.5, add(slot(0), div(slot(1), slot(0)))), [x, a]),
      steps: map("->", add(slot(0), 1), [steps]),
    }),
    { x: a, steps: tensor(0, { dtype: "int32" }) },
  );

test("the data decide how often", () => {
  expect(root(number(2)).x.item()).toBeCloseTo(Math.SQRT2, 12);
  expect(root(number(1)).steps.item()).toBe(0);
  expect(root(number(1e6)).steps.item()).toBeGreaterThan(root(number(4)).steps.item());
});

test("tangents travel with the loop", () => {
  const [y, dy] = jvp((a: Tensor) => root(a).x, [number(9)], [number(1)]);
  expect(y.item()).toBeCloseTo(3, 12);
  expect(dy.item()).toBeCloseTo(1 / 6, 12);
  const slope = jacobian((a: Tensor) => root(a).x, { mode: "forward" });
  expect(slope(number(9)).item()).toBeCloseTo(1 / 6, 12);
});

test("rows that are done are held while others go on", () => {
  const all = batch(root)(tensor([1, 2, 1e6, 9], { dtype: "float64" }));
  [1, 2, 1e6, 9].forEach((a, i) => {
    expect(all.x.data[i]).toBe(root(number(a)).x.item());
    expect(all.steps.data[i]).toBe(root(number(a)).steps.item());
  });
  expect(batch(root)(tensor([], { shape: [0], dtype: "float64" } as any)).x.shape).toEqual([0]);
});

test("any loop: a batch computes each row alone, whichever arguments are batched", () => {
  const graph = trace([float(), float(2), float(2, 2), float()], (limit, h, W, bias) => {
    const norm = (h: Tensor) => map("i->", mul(slot(0), slot(0)), [h]);
    const found = whileLoop(
      ({ n, h }) =>
        map(",,->", and(less(slot(0), add(2, slot(1))), greater(slot(2), 1e-3)), [
          n,
          limit,
          norm(h),
        ]),
      ({ n, h, fixed }) => ({
        n: map("->", add(slot(0), 1), [n]),
        h: map("i,ij,->j", tanh(add(mul(slot(0), slot(1)), slot(2))), [h, W, fixed]),
        fixed,
      }),
      { n: limit, h, fixed: bias },
    );
    return [found.n, found.h, found.fixed];
  });
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 24, maxLength: 24 }),
      (which, values) => {
        for (const one of [graph, jvpOfGraph(graph)]) {
          const flags = one.inputs.map((_, k) => which[k % 4]);
          const all = batchOfGraph(one, flags, 3);
          let at = 0;
          const args = all.inputs.map((t) =>
            Float64Array.from({ length: t.size }, () => values[at++ % 24]),
          );
          const got = run(all, args);
          for (let b = 0; b < 3; b++)
            run(
              one,
              args.map((a, k) =>
                flags[k] ? a.slice((b * a.length) / 3, ((b + 1) * a.length) / 3) : a,
              ),
            ).forEach((y, k) => expect(got[k].slice(b * y.length, (b + 1) * y.length)).toEqual(y));
        }
      },
    ),
    { numRuns: 50, seed: 2 },
  );
});

test("a loop within a scan captures from both", () => {
  const { outputs } = scan(
    (total: Tensor, a: Tensor, scale: Tensor) => {
      const found = map(",->", mul(slot(0), slot(1)), [root(a).x, scale]);
      return { state: map(",->", add(slot(0), slot(1)), [total, found]), output: found };
    },
    number(0),
    tensor([4, 9, 25], { dtype: "float64" }),
    number(2),
  );
  outputs.data.forEach((y, i) => expect(y).toBeCloseTo([4, 6, 10][i], 12));
});

test("a loop over integers stands in no gradient's way", () => {
  const f = (x: Tensor) => {
    const n = whileLoop(
      (n: Tensor) => map("->", less(slot(0), 10), [n]),
      (n: Tensor) => map("->", add(slot(0), 3), [n]),
      tensor(0, { dtype: "int32" }),
    );
    return map(",->", mul(slot(0), slot(0)), [x, n]);
  };
  expect(grad(f)(number(3)).item()).toBe(6);
});

test("messages", () => {
  const x = placeholder(float(3), "x");
  const yes = () => tensor(true);
  expect(() => grad((a: Tensor) => root(a).x)(number(2))).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: whileLoop has no derivative here: the number of its steps is not known before it runs, so its states cannot be kept.
      Use scan with a maximum length and a mask, or jvp, which goes forward with the loop.   (not-differentiable)]
  `);
  expect(() =>
    whileLoop(
      () => x,
      (s) => s,
      { x },
    ),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: whileLoop: given a condition that returns float64 [3]; expected a single bool.
      Give a single bool.   (bad-argument)]
  `);
  expect(() => whileLoop(yes, () => ({ x: number(1) }), { x })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: whileLoop: state "x" enters the step as float64 [3] and leaves it as float64 [].
      A state must keep its shape and dtype from one step to the next.   (state-shape)]
  `);
  expect(() => whileLoop(yes, () => ({ y: x }) as any, { x })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: the next state of whileLoop: the tree has y; expected x.
      Return the same nested objects and arrays that were given.   (tree-mismatch)]
  `);
  expect(() =>
    whileLoop(
      ({ x }) => ((x as any) > 0) as any,
      (s) => s,
      { x },
    ),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: x float64 [3] has no value yet: it is being traced, so JavaScript cannot read it or branch on it.
      To choose by it, use where(condition, a, b); to read it, return it and read what the call gives.
      in the condition of whileLoop   (traced-value)]
  `);
});
