/** Kinds of attention to another sequence: plain loops, lengths, derivatives, refusals. */
import { random, type Tensor, tensor } from "retrograd";
import {
  type Attention,
  additiveAttention,
  dotAttention,
  drawTree,
  init,
  multiHeadAttention,
} from "retrograd/cells";
import { describe, expect, test } from "vitest";
import { trace } from "../../../src/tensor/graph.ts";
import { flatten, mapTree, rebuild } from "../../../src/tensor/tree.ts";
import { expectDerivatives, numbers } from "../../derivatives.ts";

type Rows = number[][];
const PLACES = 5;
const KNOWN = [true, true, false, true, false];
const SIZES = { query: 4, memory: 4 };

const times = (row: number[], M: Rows) =>
  M[0].map((_, j) => row.reduce((sum, r, i) => sum + r * M[i][j], 0));
const product = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);
/** Weights and mean of the known places. */
function read(scores: number[], values: Rows) {
  const raised = scores.map((e, u) => (KNOWN[u] ? Math.exp(e) : 0));
  const weights = raised.map((w) => w / raised.reduce((a, b) => a + b));
  return {
    weights,
    context: values[0].map((_, i) =>
      product(
        weights,
        values.map((v) => v[i]),
      ),
    ),
  };
}

interface Case {
  readonly kind: Attention;
  plain(W: any, q: number[], m: Rows): { weights: number[] | Rows; context: number[] };
}
const cases: Readonly<Record<string, Case>> = {
  dot: {
    kind: dotAttention(),
    plain: (_, q, m) =>
      read(
        m.map((row) => product(q, row) / 2),
        m,
      ),
  },
  additive: {
    kind: additiveAttention({ size: 3 }),
    plain({ Wq, Wm, b, v }, q, m) {
      const own = times(q, Wq);
      const met = m.map((row) => times(row, Wm).map((x, i) => Math.tanh(x + own[i] + b[i])));
      return read(
        met.map((row) => product(row, v)),
        m,
      );
    },
  },
  multiHead: {
    kind: multiHeadAttention({ size: 6, heads: 2 }),
    plain({ Wq, Wk, Wv, Wo }, q, m) {
      const heads = [0, 1].map((h) => {
        const cut = (row: number[]) => row.slice(3 * h, 3 * h + 3);
        const own = cut(times(q, Wq));
        const scores = m.map((row) => product(own, cut(times(row, Wk))) / Math.sqrt(3));
        return read(
          scores,
          m.map((row) => cut(times(row, Wv))),
        );
      });
      const context = times(
        heads.flatMap((head) => head.context),
        Wo,
      );
      return { weights: heads.map((head) => head.weights), context };
    },
  },
};

/** All at once: the places enter, and the query meets what is kept of them. */
const reading = (kind: Attention, params: any, q: Tensor, m: Tensor, places: Tensor) =>
  kind.meet(params, q, kind.enter(params, m), places);

const draw = (shape: readonly number[], seed: number): Tensor =>
  tensor(numbers(seed)(shape.reduce((a, b) => a * b, 1)), { shape, dtype: "float64" });
const query = draw([4], 1);
const memory = draw([PLACES, 4], 2);
const known = tensor(KNOWN, { dtype: "bool" });

describe.each(Object.entries(cases))("%s", (_, { kind, plain }) => {
  const params = mapTree(
    drawTree<any>(kind.params(SIZES, init), random.key(3), "float64"),
    (t: Tensor) => t.add(draw(t.shape, 4)),
  );

  test("is its equations over the places that are known", () => {
    const found = reading(kind, params, query, memory, known);
    const W = mapTree(params, (t: Tensor) => t.toArray());
    const expected = plain(W, query.toArray() as number[], memory.toArray() as Rows);
    expect(found.context.shape).toEqual([kind.width(4)]);
    found.context.data.forEach((x, i) => expect(x).toBeCloseTo(expected.context[i], 12));
    found.weights.data.forEach((x, i) => expect(x).toBeCloseTo(expected.weights.flat()[i], 12));
  });

  test("places that are not known may hold anything", () => {
    const other = tensor(
      Float64Array.from(memory.data, (x, i) => (KNOWN[Math.floor(i / 4)] ? x : 1e3)),
      { shape: [PLACES, 4] },
    );
    const [a, b] = [memory, other].map((m) => reading(kind, params, query, m, known).context);
    expect([...b.data]).toEqual([...a.data]);
  });

  test("where nothing is known, nothing is read, and no gradient is lost to NaN", () => {
    const leaves = [...flatten(params), query, memory];
    const none = tensor(Array(PLACES).fill(false), { dtype: "bool" });
    for (const places of [known, none]) {
      const graph = trace(leaves, (...x) => {
        const own = rebuild(params, x.slice(0, -2));
        const { context, weights } = reading(kind, own, x.at(-2)!, x.at(-1)!, places);
        return [context, weights];
      });
      expectDerivatives(graph, { order: 2, at: leaves.map((t) => Float64Array.from(t.data)) });
    }
    expect(reading(kind, params, query, memory, none).context.abs().sum().item()).toBe(0);
  });
});

test("sizes that do not fit are refused with a cure", () => {
  expect(() =>
    dotAttention().params({ query: 3, memory: 4 }, init),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: dotAttention: given a query of length 3 and entries of length 4; expected the same length, or additiveAttention, which has weights between them.
      Give the same length, or additiveAttention, which has weights between them.   (bad-argument)]
  `);
  expect(() => multiHeadAttention({ size: 6, heads: 4 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: multiHeadAttention: heads: given 4 heads for size 6; expected a number of heads that divides the size.
      Give a number of heads that divides the size.   (bad-argument)]
  `);
  expect(() => additiveAttention({ size: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: additiveAttention: size: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)]
  `);
});
