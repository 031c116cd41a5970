/**
 * Random maps and chains of maps: operands that are slices, flips and transpositions, bodies of several
 * dtypes, sums and maxima, results read more than once. Targets equal the reference, in derivatives
 * of first and second order and in batches too.
 */
import fc from "fast-check";
import { concatenate, map, scalar, type Tensor, where } from "retrograd";
import { describe, test } from "vitest";
import type { Expr } from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import type { Type } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/batch.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { FUSED, machine, PLAIN } from "../nest/machine.ts";
import { dataFor, expectClose, expectSame, floats, narrowed, reference } from "./targets.ts";

const { slot, add, sub, mul, div, min, max, select, less, lessEqual, and, or, not, index } = scalar;
const { toFloat64, toInt32, equal, tanh, exp, logistic, fma } = scalar;

/** Slots 0 and 1 are floats, slot 2 int32, slot 3 bool. */
const count = toFloat64(slot(2));
const leaves = fc.constantFrom<Expr>(
  slot(0),
  slot(1),
  mul(toFloat64(index("a")), slot(0)),
  select(equal(index("a"), slot(2)), slot(0), slot(1)),
  select(slot(3), slot(1), 0.25),
  select(less(index("a"), index("b")), slot(0), 0),
  toFloat64(toInt32(mul(slot(0), 9))),
  toFloat64(slot(3)),
  count,
  scalar.constant(0.7),
);
const unary = fc.constantFrom<(e: Expr) => Expr>(
  ...[tanh, logistic, scalar.sin, scalar.relu, scalar.abs, scalar.neg, scalar.square],
  (e) => exp(min(e, 1)),
  (e) => scalar.log(add(mul(e, e), 1)),
  (e) => scalar.sqrt(add(mul(e, e), 0.5)),
);
const binary = fc.constantFrom<(a: Expr, b: Expr) => Expr>(
  ...[add, sub, mul, max],
  (a, b) => div(a, add(mul(b, b), 1)),
  (a, b) => fma(a, b, a),
  (a, b) => select(or(not(lessEqual(a, b)), and(slot(3), less(b, 0))), b, mul(a, 0.5)),
);
const bodies = fc.letrec<{ e: Expr }>((tie) => ({
  e: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaves,
    fc.tuple(unary, tie("e")).map(([f, e]) => f(e)),
    fc.tuple(binary, tie("e"), tie("e")).map(([f, a, b]) => f(a, b)),
  ),
})).e;

const LETTERS = "abcd";
const letters = fc.shuffledSubarray([...LETTERS]).map((l) => l.join(""));
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9);
const views = fc.constantFrom("as it is", "flipped", "every second", "turned", "offset");
const specs = fc.record({
  sizes: fc.record({ a: size, b: size, c: size, d: fc.constantFrom(1, 2, 3) }),
  operands: fc.tuple(letters, letters, letters, letters),
  views: fc.tuple(views, views, views, views),
  out: letters,
  reduce: fc.constantFrom("sum", "max"),
});
type Spec = typeof specs extends fc.Arbitrary<infer T> ? T : never;

/** A type whose view of that kind has the shape. */
function typeOf(shape: number[], dtype: Type["dtype"], kind: string): Type {
  if (shape.length === 0) return { shape, dtype };
  const [first, ...rest] = shape;
  if (kind === "every second") return { shape: [2 * first, ...rest], dtype };
  if (kind === "offset") return { shape: [...shape.slice(0, -1), shape.at(-1)! + 3], dtype };
  return { shape: kind === "turned" ? [...shape].reverse() : shape, dtype };
}
function viewOf(t: Tensor, kind: string): Tensor {
  if (t.rank === 0) return t;
  if (kind === "flipped") return t.flip();
  if (kind === "every second") return t.slice([1, null, 2]);
  if (kind === "offset") return t.slice(...t.shape.slice(1).map(() => null), [2, -1]);
  return kind === "turned" ? t.transpose() : t;
}

const DTYPES = ["float64", "float64", "int32", "bool"] as const;
function graphOf(spec: Spec, body: Expr): Graph {
  const shapeOf = (l: string) => [...l].map((k) => spec.sizes[k as "a"]);
  const types = DTYPES.map((d, k) => typeOf(shapeOf(spec.operands[k]), d, spec.views[k]));
  return trace(types, (...xs) => [
    map(
      `${spec.operands}->${spec.out}`,
      body,
      xs.map((x, k) => viewOf(x, spec.views[k])),
      {
        sizes: spec.sizes,
        reduce: spec.reduce as "sum",
        dtype: "float64",
      },
    ),
  ]);
}

describe.each(floats)("%s", (dtype) => {
  test("any map, its derivatives and its batches", () => {
    fc.assert(
      fc.property(specs, bodies, fc.nat(1000), (spec, body, seed) => {
        const graph = graphOf(spec, body);
        expectSame(graph, { dtype, seed });
        if (seed % 3 === 0) expectSame(vjp(graph), { dtype, seed });
        if (seed % 3 === 1) expectSame(jvp(graph), { dtype, seed });
        if (seed % 3 === 2)
          expectSame(batch(graph, [true, false, true, false], 3), { dtype, seed });
      }),
      { numRuns: 120, seed: 21 },
    );
  });

  test("any chain of maps, first and second order", () => {
    fc.assert(
      fc.property(chains, fc.nat(1000), (chain, seed) => {
        const graph = chainOf(chain);
        for (const f of [graph, vjp(graph), vjp(vjp(graph)), jvp(vjp(graph))])
          expectPoisoned(narrowedTo(f, dtype), seed);
        expectPoisoned(
          narrowedTo(
            batch(
              vjp(graph),
              vjp(graph).inputs.map((_, k) => k !== 1),
              3,
            ),
            dtype,
          ),
          seed,
        );
      }),
      { numRuns: 40, seed: 23 },
    );
  });
});
const narrowedTo = (graph: Graph, dtype: string): Graph =>
  dtype === "float32" ? narrowed(graph) : graph;

/** Equal in an arena full of NaN, for both kinds of tiles. */
function expectPoisoned(graph: Graph, seed: number): void {
  const data = dataFor(graph, seed),
    want = reference(graph, data);
  for (const can of [FUSED, PLAIN])
    machine(graph, can)
      .run(data)
      .forEach((y, k) => expectClose(y, want[k], graph.outputs[k].dtype, `output ${k}`));
}

/** Links of a chain: how the next value comes from two that are there. All values are [n, m]. */
const LINKS: ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => x.add(y).tanh(),
  (x, y) => x.mul(y.logistic()),
  (x, y) => x.dot(y.transpose()).dot(y).mul(0.1),
  (x, y) => x.sub(y.mean(0, { keepDims: true })),
  (x, y) => x.add(y.max(1, { keepDims: true })),
  (x, y) => x.softmax().mul(y),
  (x, y) => concatenate([x.slice([0, 1]), y.slice([1, null])]),
  (x, y) => concatenate([y.slice(null, [0, 1]), x.slice(null, [1, null])], -1).sin(),
  (x, y) => x.flip(0).add(y.flip(1)),
  (x, y) => where(x.less(y), x, y.mul(2)),
  (x, y) => x.reshape([-1]).reshape(x.shape).sub(y.sum()),
  (x, y) => x.cumsum(0).add(y.shift(1)),
  (x, y) => x.square().sum(1, { keepDims: true }).add(y.square()).add(1).log(),
  (x, y) => x.transpose().reshape(x.shape).add(y),
  (x) =>
    x
      .pad([
        [1, 0],
        [0, 1],
      ])
      .slice([0, -1], [1, null]),
  (x, y) =>
    x
      .add(y)
      .add(x.outer(y).sum([2, 3]))
      .mul(0.1),
];
const chains = fc.record({
  n: fc.constantFrom(2, 3, 5, 9),
  m: fc.constantFrom(1, 2, 4, 6, 8, 11),
  links: fc.array(fc.record({ of: fc.nat(LINKS.length - 1), x: fc.nat(9), y: fc.nat(9) }), {
    minLength: 1,
    maxLength: 6,
  }),
  shown: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
});
function chainOf({
  n,
  m,
  links,
  shown,
}: typeof chains extends fc.Arbitrary<infer T> ? T : never): Graph {
  const type: Type = { shape: [n, m], dtype: "float64" };
  return trace([type, type], (...pool) => {
    for (const { of, x, y } of links)
      pool.push(LINKS[of](pool[x % pool.length], pool[y % pool.length]));
    return [pool.at(-1)!, ...shown.map((k) => pool[k % pool.length])];
  });
}
