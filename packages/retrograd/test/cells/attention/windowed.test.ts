/** Attention in blocks, and head by head, against all pairs; derivatives; memory by time. */
import fc from "fast-check";
import { batch, jit, ones, stack, type Tensor, tensor, valueAndGrad, zeros } from "retrograd";
import { type Window, windowedAttention } from "retrograd/cells";
import { expect, test } from "vitest";
import { compileGraph } from "../../../src/jit/jit.ts";
import { trace } from "../../../src/tensor/graph.ts";
import type { Shape } from "../../../src/tensor/tensor.ts";
import { flatten, mapTree } from "../../../src/tensor/tree.ts";
import { traceTree } from "../../../src/transform/function.ts";
import { expectDerivatives, numbers } from "../../derivatives.ts";
import { refusal } from "../plain.ts";

interface Sizes {
  time: number;
  context: number;
  /** Moments before the sequence, below the context. */
  past: number;
  /** Whole where it is absent. */
  block?: number;
  heads: number;
  repeats: number;
  d: number;
  unknown: number[];
  seed: number;
}
type Heads = Record<"q" | "k" | "v", Tensor>;
const sizes: fc.Arbitrary<Sizes> = fc
  .record({
    time: fc.integer({ min: 1, max: 12 }),
    past: fc.nat(8),
    context: fc.integer({ min: 1, max: 9 }),
    block: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    heads: fc.integer({ min: 1, max: 2 }),
    repeats: fc.integer({ min: 1, max: 2 }),
    d: fc.integer({ min: 1, max: 3 }),
    unknown: fc.array(fc.nat(19), { maxLength: 8 }),
    seed: fc.nat(1000),
  })
  .map((own) => ({ ...own, past: Math.min(own.past, own.context - 1) }));

function draw({ time, past, heads, repeats, d, unknown, seed }: Sizes) {
  const number = numbers(seed);
  const float = (shape: Shape, by = 4) =>
    tensor(
      number(shape.reduce((a, b) => a * b, 1)).map((x) => by * x),
      { shape, dtype: "float64" },
    );
  const places = past + time;
  const known = Array.from({ length: places }, (_, u) => !unknown.includes(u));
  return {
    queries: float([time, heads, repeats, d]),
    keys: float([places, heads, d]),
    values: float([places, heads, d]),
    known: tensor(known, { shape: [places], dtype: "bool" }),
  };
}

/** The formula over all pairs, in plain numbers. */
function plain({ time, past, context, heads, repeats, d }: Sizes, given: ReturnType<typeof draw>) {
  const [q, k, v, known] = Object.values(given).map((t) => t.data);
  const out = new Float64Array(time * heads * repeats * d);
  for (let t = 0; t < time; t++)
    for (let h = 0; h < heads; h++)
      for (let r = 0; r < repeats; r++) {
        const row = ((t * heads + h) * repeats + r) * d;
        let total = 0;
        for (let u = Math.max(0, past + t - context + 1); u <= past + t; u++) {
          if (!known[u]) continue;
          let score = 0;
          for (let i = 0; i < d; i++) score += q[row + i] * k[(u * heads + h) * d + i];
          const weight = Math.exp(score / Math.sqrt(d));
          total += weight;
          for (let i = 0; i < d; i++) out[row + i] += weight * v[(u * heads + h) * d + i];
        }
        if (total > 0) for (let i = 0; i < d; i++) out[row + i] /= total;
      }
  return out;
}

test("blocks give what all pairs give, whatever the window and the gaps", () => {
  fc.assert(
    fc.property(sizes, (own) => {
      const { queries, ...attended } = draw(own);
      const found = windowedAttention(queries, attended, own).data;
      plain(own, { queries, ...attended }).forEach((y, i) => expect(found[i]).toBeCloseTo(y, 12));
    }),
    { numRuns: 40 },
  );
});

const own: Sizes = {
  ...{ time: 7, past: 3, context: 4, block: 2, heads: 2, repeats: 2, d: 2 },
  ...{ unknown: [0, 5, 6, 7, 8], seed: 3 },
};

/** In blocks, and whole. */
const forms: readonly Sizes[] = [own, { ...own, block: undefined }];

test("derivatives agree three ways, also where a query sees nothing", () => {
  for (const form of forms) {
    const { queries, keys, values, known } = draw(form);
    const at = [queries, keys, values];
    const graph = trace(at, (q, k, v) => [
      windowedAttention(q, { keys: k, values: v, known }, form),
    ]);
    expectDerivatives(graph, { order: 2, at: at.map((t) => Float64Array.from(t.data)) });
  }
});

test("compiled, samples of a batch have the values and gradients of each alone", () => {
  for (const form of forms) {
    const drawn = [3, 4, 5].map((seed) => draw({ ...form, seed }));
    const loss = ({ q, k, v }: Heads, { known }: { known: Tensor }) =>
      windowedAttention(q, { keys: k, values: v, known }, form).square().sum();
    const given = drawn.map((t) => ({ q: t.queries, k: t.keys, v: t.values }));
    const all = mapTree(given[0], (_, name) => stack(given.map((t) => t[name as keyof Heads])));
    const wide = (p: Heads) => batch(loss, { axes: [0, null] })(p, drawn[0]).sum();
    const [value, grads] = jit(valueAndGrad(wide))(all);
    const alone = given.map((p) => valueAndGrad((own: Heads) => loss(own, drawn[0]))(p));
    expect(value.item()).toBeCloseTo(
      alone.reduce((sum, [y]) => sum + y.item(), 0),
      10,
    );
    for (const name of ["q", "k", "v"] as const)
      alone.forEach(([, one], b) =>
        one[name].data.forEach((x, i) =>
          expect(grads[name].data[b * one[name].data.length + i]).toBeCloseTo(x, 10),
        ),
      );
  }
});

test("several pieces of a head give what blocks give, value and gradient, compiled", () => {
  const long: Sizes = { ...own, time: 130, past: 20, context: 100, d: 4, block: undefined };
  const { queries, keys, values, known } = draw(long);
  const weight = draw({ ...long, seed: 9 }).queries;
  const [whole, blocks] = [long, { ...long, block: 32 }].map((form) => {
    const loss = ({ q, k, v }: Heads) =>
      windowedAttention(q, { keys: k, values: v, known }, form).mul(weight).sum();
    return flatten(jit(valueAndGrad(loss))({ q: queries, k: keys, v: values }));
  });
  whole.forEach((t, k) =>
    t.data.forEach((x, i) => expect(Math.abs(x - blocks[k].data[i])).toBeLessThan(1e-10)),
  );
});

test("a large score that is not seen leaves value and gradient finite", () => {
  const { queries, keys, values, known } = draw(own);
  const loud = tensor(
    Float32Array.from(keys.data, (x, i) => (known.data[Math.floor(i / 4)] ? x : 1e6)),
    { shape: keys.shape },
  );
  const given = { q: queries.cast("float32"), k: loud, v: values.cast("float32") };
  const runs = forms.flatMap((form) => {
    const loss = (p: Heads) =>
      windowedAttention(p.q, { keys: p.k, values: p.v, known }, form).sum();
    return [valueAndGrad(loss), jit(valueAndGrad(loss))];
  });
  for (const run of runs) {
    const [value, grads] = run(given);
    for (const t of [value, grads.q, grads.k, grads.v])
      expect(t.data.every((x: number) => Number.isFinite(x))).toBe(true);
    grads.k.data.forEach((x: number, i: number) => {
      if (!known.data[Math.floor(i / 4)]) expect(x).toBe(0);
    });
  }
});

test("memory grows with time, not with its square, forward and back", () => {
  const bytes = (time: number) => {
    const shape = [time, 1, 1, 8];
    const known = ones([2 * time - 1], { dtype: "bool" });
    const loss = ({ q, k, v }: Heads) =>
      windowedAttention(q, { keys: k, values: v, known }, { context: time, block: 16 }).sum();
    const memory = zeros([2 * time - 1, 1, 8]);
    const { graph } = traceTree(valueAndGrad(loss), [{ q: zeros(shape), k: memory, v: memory }]);
    return compileGraph(graph, {}).peakBytes;
  };
  const [short, long] = [bytes(256), bytes(2048)];
  expect(long / short).toBeLessThan(1.5 * 8);
  expect(long).toBeLessThan(4 * 2048 ** 2); // the bytes of all scores at once
});

test("shapes that do not meet, and windows that are none, are refused", () => {
  const attended = { keys: ones([5, 2, 4]), values: ones([5, 2, 4]), known: ones([5]).greater(0) };
  const run = (shape: number[], form: Window, given = attended) =>
    refusal(() => windowedAttention(ones(shape), given, form));
  expect([
    run([5, 2, 1, 4], { context: 0 }),
    run([5, 2, 1, 4], { context: 3, block: 0 }),
    run([5, 3, 1, 4], { context: 3 }),
    run([7, 2, 1, 4], { context: 3 }),
    run([5, 2, 4], { context: 3 }),
    run([5, 2, 1, 4], { context: 3 }, { ...attended, known: ones([4]).greater(0) }),
  ]).toMatchInlineSnapshot(`
    [
      "windowedAttention: context: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)",
      "windowedAttention: block: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)",
      "windowedAttention: given keys [5, 2, 4] for queries [5, 3, 1, 4]; expected [5, 3, 4].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
      "windowedAttention: given keys [5, 2, 4] for queries [7, 2, 1, 4]; expected [7, 2, 4].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
      "windowedAttention: given queries [5, 2, 4]; expected queries [time, heads, repeats, d].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
      "windowedAttention: given known [4] for queries [5, 2, 1, 4]; expected [5].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
    ]
  `);
});
