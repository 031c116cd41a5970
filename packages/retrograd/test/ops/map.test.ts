/**
 * map, the op almost every op is, over random letters and random bodies of every scalar function:
 * three derivatives agree, at first and second order, and a batch is its samples.
 */
import fc from "fast-check";
import { map, scalar, type Tensor, tensor } from "retrograd";
import { expect, test } from "vitest";
import type { Expr } from "../../src/scalar/index.ts";
import { type Graph, run, trace } from "../../src/tensor/graph.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/batch.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { expectDerivatives, numbers } from "../derivatives.ts";
import { float64 } from "./cases.ts";

const { slot, add, sub, mul, div, min, max, select, less, lessEqual, not, and, or, index } = scalar;
const { toFloat64, equal } = scalar;

/** Rows that are smooth, or have kinks that random numbers do not hit. */
const unary: ((e: Expr) => Expr)[] = [
  ...[scalar.neg, scalar.abs, scalar.exp, scalar.expm1, scalar.sin, scalar.cos, scalar.tanh],
  ...[scalar.logistic, scalar.softplus, scalar.erf, scalar.relu, scalar.silu, scalar.gelu],
  ...[scalar.sign, scalar.square, scalar.elu, scalar.leakyRelu],
  (e) => scalar.sqrt(add(mul(e, e), 1)),
  (e) => scalar.log(add(mul(e, e), 1)),
  (e) => scalar.log1p(mul(e, e)),
  (e) => scalar.pow(add(mul(e, e), 0.5), 1.5),
  (e) => scalar.clip(e, -0.3, 0.6),
];
const binary: ((a: Expr, b: Expr) => Expr)[] = [
  ...[add, sub, mul, min, max],
  (a, b) => div(a, add(mul(b, b), 1)),
  (a, b) => scalar.fma(a, b, a),
  (a, b) => scalar.pow(add(mul(a, a), 1), b),
  (a, b) => select(less(a, b), a, mul(b, 0.5)),
  (a, b) => select(or(not(lessEqual(a, b)), and(less(a, 0), less(b, 0))), b, 1),
];
const leaves = fc.constantFrom<Expr>(
  slot(0),
  slot(1),
  mul(toFloat64(index("a")), slot(0)),
  select(equal(index("a"), 1), slot(0), slot(1)),
  scalar.constant(0.7),
);
const bodies = fc.letrec<{ e: Expr }>((tie) => ({
  e: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaves,
    fc.tuple(fc.constantFrom(...unary), tie("e")).map(([f, e]) => f(e)),
    fc.tuple(fc.constantFrom(...binary), tie("e"), tie("e")).map(([f, a, b]) => f(a, b)),
  ),
})).e;

const LETTERS = ["a", "b", "c", "d"];
const letters = fc.shuffledSubarray(LETTERS).map((l) => l.join(""));
const sizes: Record<string, number> = { a: 2, b: 3, c: 1, d: 2 };
const shapeOf = (l: string) => float64(...[...l].map((k) => sizes[k]));
const specs = fc.record({ first: letters, second: letters, out: letters });

function graphOf(
  spec: { first: string; second: string; out: string },
  body: Expr,
  reduce: "sum" | "max",
): Graph {
  const { first, second, out } = spec;
  const extra = Object.fromEntries([..."a", ...out].map((k) => [k, sizes[k]]));
  return trace([shapeOf(first), shapeOf(second)], (x, y) => [
    map(`${first},${second}->${out}`, body, [x, y], { sizes: extra, reduce, dtype: "float64" }),
  ]);
}

/** Values that grow out of reach of differences say nothing about the rules. */
const isTame = (graph: Graph, seed: number): boolean => {
  const draw = numbers(seed);
  const out = run(
    graph,
    graph.inputs.map((t) => draw(sizeOf(t.shape))),
  );
  return out.every((values) => values.every((x) => Math.abs(x) < 20));
};

test.each(["sum", "max"] as const)("any map, reduced by %s: three derivatives agree", (reduce) => {
  fc.assert(
    fc.property(specs, bodies, fc.nat(1000), (spec, body, seed) => {
      const graph = graphOf(spec, body, reduce);
      fc.pre(isTame(graph, seed));
      expectDerivatives(graph, { seed });
    }),
    { numRuns: 700, seed: 7 },
  );
});

test("any map: the second derivatives agree", () => {
  fc.assert(
    fc.property(specs, bodies, fc.nat(1000), (spec, body, seed) => {
      const graph = graphOf(spec, body, "sum");
      fc.pre(isTame(graph, seed) && isTame(vjp(graph), seed));
      expectDerivatives(graph, { seed, order: 2 });
    }),
    { numRuns: 150, seed: 9 },
  );
});

test("any map: a batch is its samples", () => {
  fc.assert(
    fc.property(specs, bodies, fc.boolean(), fc.nat(1000), (spec, body, both, seed) => {
      const graph = graphOf(spec, body, both ? "sum" : "max");
      const wide = batch(graph, [true, both], 2);
      const draw = numbers(seed);
      const args = wide.inputs.map((t) => draw(sizeOf(t.shape)));
      const [got] = run(wide, args);
      const n = sizeOf(graph.outputs[0].shape);
      for (const b of [0, 1]) {
        const sample = args.map((a, k) =>
          k === 0 || both ? a.slice((b * a.length) / 2, ((b + 1) * a.length) / 2) : a,
        );
        expect(got.slice(b * n, (b + 1) * n)).toEqual(run(graph, sample)[0]);
      }
    }),
    { numRuns: 200, seed: 11 },
  );
});

/** A map by nested loops over every letter, knowing nothing of strides. */
function byLoops(spec: string, f: (...x: number[]) => number, args: readonly Tensor[]): unknown {
  const [left, out] = spec.split("->");
  const operands = left.split(",");
  const size: Record<string, number> = {};
  operands.forEach((o, k) => {
    [...o].forEach((l, d) => {
      size[l] = args[k].shape[d];
    });
  });
  const arrays = args.map((a) => a.toArray());
  const read = (array: any, o: string, at: Record<string, number>) =>
    [...o].reduce((part, l) => part[at[l]], array);
  const over = Object.keys(size).filter((l) => !out.includes(l));
  const sum = (ls: string[], at: Record<string, number>): number =>
    ls.length === 0
      ? f(...operands.map((o, k) => read(arrays[k], o, at)))
      : Array.from({ length: size[ls[0]] }, (_, i) =>
          sum(ls.slice(1), { ...at, [ls[0]]: i }),
        ).reduce((a, b) => a + b, 0);
  const build = (ls: string[], at: Record<string, number>): unknown =>
    ls.length === 0
      ? sum(over, at)
      : Array.from({ length: size[ls[0]] }, (_, i) => build(ls.slice(1), { ...at, [ls[0]]: i }));
  return build([...out], {});
}

test.each(["ab,bc->ac", "abc,cb->a", "a,b->ba", "ab,ab->", "abd,dc->bac"])(
  "map %s agrees with nested loops",
  (spec) => {
    const draw = numbers(2);
    const args = spec
      .split("->")[0]
      .split(",")
      .map((o) => tensor(draw(sizeOf(shapeOf(o).shape)), shapeOf(o)));
    const body = mul(slot(0), add(slot(1), 2));
    const got = map(spec, body, args);
    const want = tensor(byLoops(spec, (x, y) => x * (y + 2), args) as number[], {
      dtype: "float64",
    });
    expect(got.shape).toEqual(want.shape);
    got.data.forEach((x, i) => expect(x).toBeCloseTo(want.data[i], 12));
  },
);
