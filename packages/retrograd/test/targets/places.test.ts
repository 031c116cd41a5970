/**
 * A number does not depend on where it lies: in lanes, or behind them in the tail of another kernel.
 * The derivative of a maximum relies on it: it looks for the largest among numbers computed again.
 */
import { grad, jit, map, random, type Tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { compileGraph, type TargetName } from "../../src/jit/jit.ts";
import { isFloat, round } from "../../src/scalar/dtype.ts";
import { call, exp, slot } from "../../src/scalar/index.ts";
import { trace } from "../../src/tensor/graph.ts";
import { combinations, rows, typesOf } from "./rows.ts";
import { targets } from "./targets.ts";

const expanded = rows.filter(({ fn, dtype }) => fn.expand && isFloat(dtype));
/** Numbers that are asked for together, and so many as fill the lanes of every target. */
const TOGETHER = 384;

describe.each(targets)("%s", (name) => {
  const target = name as TargetName;
  /** The row at these numbers, as one map. */
  const computed = ({ fn, dtype }: (typeof expanded)[number], count: number) => {
    const types = typesOf(fn, dtype).map((d) => ({ shape: [count], dtype: d }));
    const slots = types.map((_, k) => slot(k));
    const spec = `${slots.map(() => "a")}->a`;
    const graph = trace(types, (...xs) => [map(spec, call(fn, slots), xs)]);
    const program = compileGraph(graph, { target });
    return (at: readonly number[][]): number[] => {
      const data = types.map((t, k) =>
        round(
          t.dtype,
          Float64Array.from(at, (x) => x[k]),
        ),
      );
      return [...program.run(data)[0]!];
    };
  };

  test.each(expanded)("$name of $dtype, in lanes and behind them", (row) => {
    const all = [...combinations(row.fn, row.dtype)].slice(0, TOGETHER);
    const [lanes, alone] = [computed(row, all.length), computed(row, 1)];
    expect(all.flatMap((at) => alone([at]))).toEqual(lanes(all));
  });

  test("the largest of numbers computed twice is found again", () => {
    const largest = (x: Tensor) => map("ab->a", exp(slot(0)), [x], { reduce: "max" }).sum();
    const slope = jit(grad(largest), { target });
    for (let seed = 0; seed < 100; seed++) {
      const x = random.normal(random.key(seed), [5, 3]);
      expect([...slope(x).max(1).data]).toEqual([...x.max(1).exp().data].map(closeTo));
    }
  });
});

const closeTo = (x: number) => expect.closeTo(x, 5);
