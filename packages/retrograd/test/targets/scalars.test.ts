/**
 * Every scalar row as a target computes it, in lanes and in the tail behind them, at ordinary numbers
 * and at the edges of the format. The table is `scalars`: a new row is tested without a line here.
 */
import { describe, expect, test } from "vitest";
import { compileGraph, type TargetName } from "../../src/jit/jit.ts";
import { map } from "../../src/ops/map.ts";
import { type DType, dtypes, isFloat, round } from "../../src/scalar/dtype.ts";
import { call, type Expr, type Scalar, scalars, slot } from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { fusedDouble } from "../scalar/emulate.ts";
import { bitPatterns, edges, ulps } from "../scalar/ulp.ts";
import { targets } from "./targets.ts";

/** Sizes of the operands: no lanes, lanes alone, and tails of every length. */
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const TOTAL = 45;

/** Largest error in ulp; rows without an expansion are exact. */
const bounds: Record<string, number> = { exp: 2, log: 2 };
/** Math, which float64 is held against, may itself be wrong by as much. */
const ORACLE = 1;
const boundOf = (fn: Scalar): number => (fn.expand ? (bounds[fn.name] ?? 4) + ORACLE : 0);

/** Where a row is only defined, or only promised, on a part of the numbers. */
const domains: Record<string, (x: number, dtype: DType) => boolean> = {
  sin: (x) => !(Math.abs(x) > 1e5) || !Number.isFinite(x),
  cos: (x) => !(Math.abs(x) > 1e5) || !Number.isFinite(x),
  pow2: (x, dtype) => Number.isInteger(x) && Math.abs(x) < (dtype === "float32" ? 127 : 1023),
  exponent: (x, dtype) => x >= (dtype === "float32" ? 2 ** -126 : 2 ** -1022) && x < Infinity,
  fraction: (x, dtype) => x >= (dtype === "float32" ? 2 ** -126 : 2 ** -1022) && x < Infinity,
};

const ordinary = [
  1, -1, 2, -2, 0.5, -0.5, 1.5, 2.5, -2.5, 3, 0.1, -0.7, 10, 88.7, -87.4, 709.7, 1e-5,
];
const whole = [0, 1, -1, 2, 3, 7, -8, 2 ** 31 - 1, -(2 ** 31), 65536, 123456789, -987654321];
function numbersOf(dtype: DType): number[] {
  if (dtype === "bool") return [0, 1, 1, 0, 1];
  if (dtype === "int32") return whole;
  const big = dtype === "float32" ? [1e30, 2 ** 24 + 2, 2 ** 31] : [1e300, 2 ** 53, 2 ** 31];
  return [...edges(dtype), ...ordinary, ...big, ...bitPatterns(dtype, 60)].map((x) =>
    dtype === "float32" ? Math.fround(x) : x,
  );
}

const accepts = (fn: Scalar, dtype: DType): boolean =>
  fn.accepts === "any" ||
  (fn.accepts === "number" && dtype !== "bool") ||
  (fn.accepts === "float" && isFloat(dtype)) ||
  (fn.accepts === "int" && dtype === "int32") ||
  fn.accepts === dtype;

const arity = (fn: Scalar): number => fn.partials.length;
const typesOf = (fn: Scalar, dtype: DType): DType[] =>
  Array.from({ length: arity(fn) }, (_, i) => (fn.rule === "select" && i === 0 ? "bool" : dtype));

/** The row applied to operands of each size. */
function graphOf(fn: Scalar, dtype: DType, body: (slots: Expr[]) => Expr): Graph {
  const types = typesOf(fn, dtype);
  return trace(
    SIZES.flatMap((n) => types.map((dtype) => ({ shape: [n], dtype }))),
    (...xs) =>
      SIZES.map((_, i) => {
        const args = xs.slice(i * types.length, (i + 1) * types.length);
        return map(`${args.map(() => "a")}->a`, body(args.map((_, k) => slot(k))), args);
      }),
  );
}

/** Every combination of the numbers of a row, in an order that puts each into lanes and into tails. */
function* combinations(fn: Scalar, dtype: DType): Generator<number[]> {
  const within = domains[fn.name] ?? (() => true);
  const lists = typesOf(fn, dtype).map((d) => numbersOf(d).filter((x) => within(x, dtype)));
  const some = lists.map((l) => (arity(fn) > 2 && l.length > 18 ? l.slice(0, 18) : l));
  const counts = some.map((l) => l.length);
  const total = Math.min(
    counts.reduce((a, b) => a * b, 1),
    arity(fn) > 1 ? 4000 : 400,
  );
  const stride = counts.reduce((a, b) => a * b, 1) / total;
  for (let i = 0; i < total; i++) {
    let at = Math.floor(i * stride);
    yield some.map((l) => {
      const x = l[at % l.length];
      at = Math.floor(at / l.length);
      return x;
    });
  }
}

/** Runs a row over all of its numbers and hands each result to `check`. */
function sweep(
  fn: Scalar,
  dtype: DType,
  target: string,
  body: (slots: Expr[]) => Expr,
  check: (got: number, at: number[]) => void,
): void {
  const graph = graphOf(fn, dtype, body);
  const program = compileGraph(graph, { target: target as TargetName });
  const types = typesOf(fn, dtype);
  const all = [...combinations(fn, dtype)];
  // An odd distance between calls moves every number through all places.
  for (let start = 0; start < Math.max(all.length, 4 * TOTAL); start += TOTAL - 8) {
    const places = Array.from({ length: TOTAL }, (_, i) => all[(start + i) % all.length]);
    let at = 0;
    const rows = SIZES.map((n) => places.slice(at, (at += n)));
    const data = rows.flatMap((row) =>
      types.map((d, k) => round(d, Float64Array.from(row.map((x) => x[k])))),
    );
    program.run(data).forEach((out, i) => {
      rows[i].forEach((x, k) => check(out![k], x));
    });
  }
}

const exact = (got: number, want: number, dtype: DType): boolean =>
  isFloat(dtype) ? Object.is(got, dtype === "float32" ? Math.fround(want) : want) : got === want;

const resultOf = (fn: Scalar, dtype: DType): DType =>
  fn.rule === "compare" ? "bool" : fn.rule === "same" || fn.rule === "select" ? dtype : fn.rule;

const rows = [...scalars.values()].flatMap((fn) =>
  dtypes.filter((d) => accepts(fn, d)).map((dtype) => ({ name: fn.name, fn, dtype })),
);
/** Shifts take a constant number of bits; a multiply-add may round once or twice. */
const special = ["fma", "shiftLeft", "shiftRight"];

describe.each(targets)("%s", (target) => {
  test.each(rows.filter((r) => !special.includes(r.name)))("$name of $dtype", ({ fn, dtype }) => {
    const result = resultOf(fn, dtype);
    const evaluate = (dtype === "int32" && fn.evaluateInt) || fn.evaluate;
    sweep(
      fn,
      dtype,
      target,
      (slots) => call(fn, slots),
      (got, at) => {
        const value = evaluate(...at);
        const want = result === "int32" ? value | 0 : value;
        if (exact(got, want, result)) return;
        const error = isFloat(result) ? ulps(got, want, 0, result as "float32") : Infinity;
        if (!(error <= boundOf(fn)))
          expect.fail(`${fn.name}(${at}) is ${got}, not ${want}: ${error} ulp`);
      },
    );
  });

  test.each(["float32", "float64"] as const)("fma of %s rounds once or twice", (dtype) => {
    const fn = scalars.get("fma")!;
    const r = dtype === "float32" ? Math.fround : (x: number) => x;
    sweep(
      fn,
      dtype,
      target,
      (slots) => call(fn, slots),
      (got, [a, b, c]) => {
        const twice = r(r(a * b) + c);
        const once = dtype === "float32" ? r(a * b + c) : fusedDouble(a, b, c);
        if (!Object.is(got, twice) && !(ulps(got, once, 0, dtype) <= 1))
          expect.fail(`${a}·${b} + ${c} is ${got}, not ${once} or ${twice}`);
      },
    );
  });

  test.each(["shiftLeft", "shiftRight"])("%s by constants", (name) => {
    const fn = scalars.get(name)!;
    for (const bits of [0, 1, 5, 16, 31]) {
      const one: Scalar = { ...fn, partials: fn.partials.slice(1) };
      sweep(
        one,
        "int32",
        target,
        ([x]) => call(fn, [x, { kind: "const", value: bits }]),
        (got, [x]) => expect(got, `${name}(${x}, ${bits})`).toBe(fn.evaluate(x, bits) | 0),
      );
    }
  });
});
