/**
 * Every scalar row with every dtype that it takes, the numbers at which a target is asked for it, and
 * how far from its value the answer may lie.
 */
import { expect } from "vitest";
import { type DType, dtypes, isFloat } from "../../src/scalar/dtype.ts";
import { type Scalar, scalars } from "../../src/scalar/index.ts";
import { bitPatterns, edges, ulps } from "../scalar/ulp.ts";

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
export const typesOf = (fn: Scalar, dtype: DType): DType[] =>
  Array.from({ length: arity(fn) }, (_, i) => (fn.rule === "select" && i === 0 ? "bool" : dtype));

/** Every combination of the numbers of a row, in an order that puts each into lanes and into tails. */
export function* combinations(fn: Scalar, dtype: DType): Generator<number[]> {
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

const exact = (got: number, want: number, dtype: DType): boolean =>
  isFloat(dtype) ? Object.is(got, dtype === "float32" ? Math.fround(want) : want) : got === want;

const resultOf = (fn: Scalar, dtype: DType): DType =>
  fn.rule === "compare" ? "bool" : fn.rule === "same" || fn.rule === "select" ? dtype : fn.rule;

/** What a row gave for `at`: exact, or within the bound of its expansion. */
export function expectRow(fn: Scalar, dtype: DType, got: number, at: readonly number[]): void {
  const result = resultOf(fn, dtype);
  const evaluate = (dtype === "int32" && fn.evaluateInt) || fn.evaluate;
  const value = evaluate(...at);
  const want = result === "int32" ? value | 0 : value;
  if (exact(got, want, result)) return;
  const error = isFloat(result) ? ulps(got, want, 0, result as "float32") : Infinity;
  if (!(error <= boundOf(fn)))
    expect.fail(`${fn.name}(${at}) is ${got}, not ${want}: ${error} ulp`);
}

export const rows = [...scalars.values()].flatMap((fn) =>
  dtypes.filter((d) => accepts(fn, d)).map((dtype) => ({ name: fn.name, fn, dtype })),
);
