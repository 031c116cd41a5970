/**
 * Every partial derivative of every row, and of every activation, against differences; then the
 * derivative of that derivative, in each argument. A new row is tested without a line here.
 */
import { describe, expect, test } from "vitest";
import * as activations from "../../src/scalar/activations.ts";
import {
  type Arg,
  call,
  compileReference,
  type DType,
  derivative,
  type Expr,
  index,
  type Scalar,
  scalars,
  slot,
} from "../../src/scalar/index.ts";

/** Places away from kinks and jumps. Rows of positive numbers see the absolute values. */
const places = [
  [0.31, 1.7, -0.6],
  [-1.73, 0.45, 2.1],
  [2.62, -1.3, 0.83],
  [0.47, -0.52, -1.9],
];
const positive = new Set(["log", "log1p", "sqrt", "pow", "exponent", "fraction"]);

const floats: DType[] = ["float64", "float64", "float64"];
const compiled = (e: Expr) => {
  const f = compileReference(e, floats);
  return (...slots: number[]) => f({ slots, indices: {} });
};

/** Four-point central differences: the error is of order h⁴. */
function difference(f: (...x: number[]) => number, x: readonly number[], k: number): number {
  const h = 1e-3;
  const at = (d: number) => f(...x.map((v, i) => (i === k ? v + d * h : v)));
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
}

/** d e/d slot k and d² e/d slot k d slot j, for every k and j, at every place. */
function expectDerivatives(e: Expr, arity: number, at: readonly number[][]) {
  const f = compiled(e);
  for (let k = 0; k < arity; k++) {
    const first = derivative(e, k);
    for (const x of at) expect(compiled(first)(...x)).toBeCloseTo(difference(f, x, k), 6);
    for (let j = 0; j < arity; j++) {
      const second = compiled(derivative(first, j));
      for (const x of at) expect(second(...x)).toBeCloseTo(difference(compiled(first), x, j), 6);
    }
  }
}

const differentiable = [...scalars.values()].filter(
  (fn) => fn.rule === "same" && (fn.accepts === "float" || fn.accepts === "number"),
);

describe.each(differentiable)("$name", (fn: Scalar) => {
  const arity = fn.partials.length;
  const slots = fn.partials.map((_, k) => slot(k));
  const at = positive.has(fn.name) ? places.map((x) => [Math.abs(x[0]), ...x.slice(1)]) : places;

  test("first and second derivatives agree with differences", () => {
    expectDerivatives(call(fn, slots), arity, at);
  });

  test("they hold inside other functions too", () => {
    const [x, ...rest] = slots;
    const inner = call(scalars.get("mul")!, [
      call(fn, [x, ...rest]),
      call(scalars.get("sin")!, [x]),
    ]);
    expectDerivatives(inner, arity, at);
  });
});

const oneArgument = Object.entries(activations).filter(([name]) => name !== "clip");

describe.each(oneArgument as [string, (x: Arg) => Expr][])("%s", (_, activation) => {
  const value = compiled(activation(slot(0)));
  const slope = compiled(derivative(activation(slot(0)), 0));

  test("first and second derivatives agree with differences", () => {
    expectDerivatives(activation(slot(0)), 1, [[0.31], [-0.73], [1.62], [-1.9], [5.3], [-6.1]]);
  });

  test("NaN stays NaN, and large numbers give no NaN", () => {
    expect(value(Number.NaN)).toBeNaN();
    for (const x of [-1e4, -800, -100, 0, 100, 800, 1e4]) {
      expect(value(x)).not.toBeNaN();
      expect(slope(x)).not.toBeNaN();
    }
  });
});

const x = slot(0);
const p = slot(1);
const of = (name: string, ...args: Expr[]) => call(scalars.get(name)!, args);

test("a choice never touches what it rejects", () => {
  const safe = of(
    "select",
    of("greater", x, activations.clip(0, 0, 0)),
    of("log", x),
    of("neg", x),
  );
  expect(compiled(derivative(safe, 0))(-1)).toBe(-1);
  expect(compiled(derivative(safe, 0))(0)).toBe(-1);
});

test("kinks: the slope on the left for activations, shared for ties of min and max", () => {
  for (const f of [activations.relu, activations.leakyRelu])
    expect(compiled(derivative(f(x), 0))(0)).toBe(f === activations.relu ? 0 : 0.01);
  for (const name of ["min", "max"])
    for (const k of [0, 1]) expect(compiled(derivative(of(name, x, p), k))(3, 3)).toBe(0.5);
});

describe("pow at the origin", () => {
  const slope = compiled(derivative(of("pow", x, p), 0));
  const curvature = compiled(derivative(derivative(of("pow", x, p), 0), 0));
  const inExponent = compiled(derivative(of("pow", x, p), 1));

  test.each([
    [0, 0, 0],
    [1, 1, 0],
    [2, 0, 2],
    [3, 0, 0],
  ])("x^%d has slope %d and curvature %d", (power, first, second) => {
    expect(slope(0, power)).toBe(first);
    expect(curvature(0, power)).toBe(second);
  });

  test("the derivative in the exponent is 0 where the power is", () => {
    for (const power of [0.5, 1, 2]) expect(inExponent(0, power)).toBe(0);
  });

  test("a constant exponent takes no select and no logarithm", () => {
    const names = (e: Expr): string[] =>
      e.kind === "call" ? [e.fn.name, ...e.args.flatMap(names)] : [];
    expect(names(derivative(of("pow", x, { kind: "const", value: 3 }), 0))).toEqual(["mul", "mul"]);
  });
});

test("an index has no derivative", () => {
  expect(derivative(of("toFloat64", index("t")), 0)).toEqual({ kind: "const", value: 0 });
});
