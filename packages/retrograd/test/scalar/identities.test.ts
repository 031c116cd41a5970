/** What may be simplified may be simplified for every number: NaN, −0 and ±∞ included. */
import { describe, expect, test } from "vitest";
import {
  add,
  call,
  compileReference,
  constant,
  type Expr,
  less,
  max,
  mul,
  parts,
  type Scalar,
  scalars,
  select,
  slot,
  sub,
} from "../../src/scalar/index.ts";

const numbers = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, 1e-310, 1e300, Infinity, -Infinity, Number.NaN];
const value = (e: Expr, x: number) => compileReference(e, ["float64"])({ slots: [x], indices: {} });

const binary = [...scalars.values()].filter(
  (fn) => fn.partials.length === 2 && fn.accepts !== "int" && fn.accepts !== "bool",
);

describe.each(binary)("$name with a constant", (fn: Scalar) => {
  test.each(["right", "left"])("on the %s is what it was", (side) => {
    for (const c of numbers) {
      const args = side === "right" ? [slot(0), constant(c)] : [constant(c), slot(0)];
      for (const x of numbers) {
        const wanted = side === "right" ? fn.evaluate(x, c) : fn.evaluate(c, x);
        expect(value(call(fn, args), x), `${fn.name}, ${c} and ${x}`).toBe(wanted);
      }
    }
  });
});

test("two slots of the same value simplify to nothing wrong", () => {
  for (const fn of binary)
    for (const x of numbers)
      expect(value(call(fn, [slot(0), slot(0)]), x), fn.name).toBe(fn.evaluate(x, x));
});

test("constants fold to the value of the row", () => {
  for (const fn of scalars.values()) {
    if (fn.accepts === "int" || fn.rule === "int32" || fn.partials.length !== 1) continue;
    const folded = call(fn, [constant(0.75)]);
    expect(folded, fn.name).toEqual(constant(fn.evaluate(0.75)));
  }
});

describe("int32", () => {
  const int = (e: Expr, x: number) => compileReference(e, ["int32"])({ slots: [x], indices: {} });
  const last = 2 ** 31 - 1;

  test("a product with −1 is a product of int32", () => {
    expect(int(mul(slot(0), -1), 5)).toBe(-5);
    expect(int(mul(-1, slot(0)), -(2 ** 31))).toBe(-(2 ** 31));
  });

  test("constants that overflow wrap, whatever reads them", () => {
    for (const x of [0, 1, -7]) {
      expect(int(add(slot(0), add(last, 1)), x)).toBe((x + -(2 ** 31)) | 0);
      expect(int(max(slot(0), add(last, 1)), x)).toBe(x);
      expect(int(less(slot(0), mul(last, 2)), x)).toBe(+(x < -2));
      expect(int(select(less(slot(0), 0), sub(-last, 2), slot(0)), x)).toBe(x < 0 ? last : x);
    }
  });

  test("the same constants of floats do not wrap", () => {
    expect(value(add(slot(0), add(last, 1)), 0)).toBe(2 ** 31);
    expect(value(less(slot(0), mul(last, 2)), 0)).toBe(1);
  });
});

test("every row names itself, and its cost is known", () => {
  for (const [name, fn] of scalars) {
    expect(fn.name).toBe(name);
    expect(fn.cost).toBeGreaterThan(0);
    expect(fn.evaluate.length).toBeLessThanOrEqual(fn.partials.length);
  }
});

test("an expansion costs about what its row says", () => {
  for (const fn of scalars.values()) {
    if (!fn.expand || fn.name === "sign") continue;
    let total = 0;
    const slots = fn.partials.map((_, k) => slot(k));
    parts(fn.expand(slots, "float32"), (e) => {
      if (e.kind === "call") total += e.fn.cost;
    });
    expect(fn.cost / total, `${fn.name}: ${total}`).toBeGreaterThan(0.6);
    expect(fn.cost / total, `${fn.name}: ${total}`).toBeLessThan(1.6);
  }
});
