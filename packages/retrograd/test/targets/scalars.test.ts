/**
 * Every scalar row as a target computes it, in lanes and in the tail behind them, at ordinary numbers
 * and at the edges of the format. The table is `scalars`: a new row is tested without a line here.
 */
import { describe, expect, test } from "vitest";
import { compileGraph, type TargetName } from "../../src/jit/jit.ts";
import { map } from "../../src/ops/map.ts";
import { type DType, round } from "../../src/scalar/dtype.ts";
import { call, type Expr, type Scalar, scalars, slot } from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { fusedDouble } from "../scalar/emulate.ts";
import { ulps } from "../scalar/ulp.ts";
import { combinations, expectRow, rows, typesOf } from "./rows.ts";
import { targets } from "./targets.ts";

/** Sizes of the operands: no lanes, lanes alone, and tails of every length. */
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const TOTAL = 45;

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

/** Shifts take a constant number of bits; a multiply-add may round once or twice. */
const special = ["fma", "shiftLeft", "shiftRight"];

describe.each(targets)("%s", (target) => {
  test.each(rows.filter((r) => !special.includes(r.name)))("$name of $dtype", ({ fn, dtype }) => {
    sweep(
      fn,
      dtype,
      target,
      (slots) => call(fn, slots),
      (got, at) => expectRow(fn, dtype, got, at),
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
