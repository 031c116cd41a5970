/**
 * Every expansion against its function, in both float types and under every rounding of a
 * multiply-add. The table is `scalars`: a row that gains an expansion is tested without a line here;
 * an entry in `bounds` states more than the default.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { call, type Scalar, scalars, slot } from "../../src/scalar/index.ts";
import { emulate, type Float, fusedDouble, operations, roundings } from "./emulate.ts";
import { bitPatterns, edges, fromBits, ulps } from "./ulp.ts";

/** Largest error in ulp; the sizes of x, and of the exponent, within which it holds. */
interface Bound {
  float32: number;
  float64: number;
  within?: number;
  power?: number;
}

const bounds: Record<string, Bound> = {
  exp: { float32: 1.9, float64: 1.7 },
  expm1: { float32: 2, float64: 2 },
  log: { float32: 1, float64: 1 },
  log1p: { float32: 1, float64: 1 },
  sin: { float32: 3.5, float64: 2, within: 1e5 },
  cos: { float32: 3.5, float64: 2, within: 1e5 },
  tanh: { float32: 3.1, float64: 2.9 },
  logistic: { float32: 2.3, float64: 2 },
  softplus: { float32: 2.8, float64: 2.2 },
  pow: { float32: 2.5, float64: 2.5, power: 32 },
  erf: { float32: 2.4, float64: 1.7 },
  sign: { float32: 0, float64: 0 },
};
const standard: Bound = { float32: 4, float64: 4 };

/** Functions that must not leave an interval by even one rounding. */
const ranges: Record<string, readonly [number, number]> = {
  tanh: [-1, 1],
  erf: [-1, 1],
  sin: [-1, 1],
  cos: [-1, 1],
  logistic: [0, 1],
};

const dtypes: readonly Float[] = ["float32", "float64"];
const expanded = [...scalars.values()].filter((fn) => fn.expand && fn.accepts === "float");
const boundOf = (fn: Scalar): Bound => bounds[fn.name] ?? standard;

/** The expansion of `fn` as a function, under one rounding. */
function run(fn: Scalar, dtype: Float, rounding: (typeof roundings)[number]) {
  const slots = fn.partials.map((_, i) => slot(i));
  return emulate(fn.expand!(slots, dtype), dtype, rounding);
}

/** The arguments of a sweep: every k-th pattern of bits; for two arguments, an exponent for each. */
function* places(fn: Scalar, dtype: Float, count: number): Generator<number[]> {
  const { within = Infinity, power = 4 } = boundOf(fn);
  let k = 0;
  for (const x of bitPatterns(dtype, count)) {
    if (Math.abs(x) > within) continue;
    if (fn.partials.length === 1) yield [x];
    else yield [x, fromBits(dtype, power * Math.sin(k++) * (k % 3 ? 1 : 4 / Math.abs(x + 4)))];
  }
}

interface Worst {
  error: number;
  at: readonly number[];
}
const worse = (a: Worst, error: number, at: readonly number[]): Worst =>
  error > a.error ? { error, at } : a;

describe.each(expanded)("$name", (fn) => {
  const bound = boundOf(fn);

  test.each(dtypes)("%s: within its bound on a sweep of all numbers", (dtype) => {
    // The float64 sweep is held against Math, which may be wrong by 1 ulp, and pow by more.
    const limit = dtype === "float32" ? bound.float32 : bound.float64 + 1.5;
    const count = dtype === "float32" ? 200_000 : 20_000;
    for (const rounding of roundings) {
      const f = run(fn, dtype, rounding);
      let worst: Worst = { error: 0, at: [] };
      for (const at of places(fn, dtype, count)) {
        const [a, b] = at;
        worst = worse(worst, ulps(f(a, b), fn.evaluate(a, b), 0, dtype), at);
      }
      expect(worst.error, `${rounding}, at ${worst.at}`).toBeLessThanOrEqual(limit);
    }
  });

  test("float64: within its bound on the table of 30 digits", () => {
    const file = new URL(`./oracles/${fn.name}.json`, import.meta.url);
    if (!existsSync(file)) return;
    const rows: number[][] = JSON.parse(readFileSync(file, "utf8"));
    expect(rows.length).toBeGreaterThan(100);
    for (const rounding of roundings) {
      const f = run(fn, "float64", rounding);
      let worst: Worst = { error: 0, at: [] };
      for (const row of rows) {
        const at = row.slice(0, -2);
        const [high, low] = row.slice(-2);
        worst = worse(worst, ulps(f(at[0], at[1]), high, low, "float64"), at);
      }
      expect(worst.error, `${rounding}, at ${worst.at}`).toBeLessThanOrEqual(bound.float64);
    }
  });

  test.each(dtypes)("%s: right at 0, −0, ±∞, NaN and the ends of the format", (dtype) => {
    const others = fn.partials.length === 1 ? [0] : [...edges(dtype), 2, 3, -3, 0.5, -1, 1.5];
    for (const rounding of roundings) {
      const f = run(fn, dtype, rounding);
      for (const x of [...edges(dtype), 1, -1, 2])
        for (const p of others) {
          const limited = Math.abs(x) > (bound.within ?? Infinity) && Number.isFinite(x);
          const error = limited ? 0 : ulps(f(x, p), fn.evaluate(x, p), 0, dtype);
          expect(error, `${rounding}: ${fn.name}(${x}, ${p}) = ${f(x, p)}`).toBeLessThanOrEqual(4);
        }
    }
  });

  test("stays within its range for every finite number", () => {
    const [low, high] = ranges[fn.name] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (!ranges[fn.name]) return;
    for (const dtype of dtypes)
      for (const rounding of roundings) {
        const f = run(fn, dtype, rounding);
        for (const x of [...bitPatterns(dtype, 20_000), ...dense(dtype)]) {
          if (!Number.isFinite(x)) continue;
          const y = f(x);
          if (!(y >= low && y <= high))
            expect.fail(`${rounding} ${dtype}: ${fn.name}(${x}) = ${y}`);
        }
      }
  });

  test("is made of primitives only", () => {
    for (const dtype of dtypes)
      for (const name of Object.keys(
        operations(
          fn.expand!(
            fn.partials.map((_, i) => slot(i)),
            dtype,
          ),
        ),
      ))
        expect(scalars.get(name)?.expand, name).toBeUndefined();
  });
});

/** Where functions saturate, and where sines peak. */
function* dense(dtype: Float): Generator<number> {
  for (let i = 0; i < 20_000; i++) yield fromBits(dtype, (i - 10_000) * 1e-3);
  for (let i = -3000; i < 3000; i++)
    for (const step of [0.9999999, 1, 1.0000001]) yield fromBits(dtype, (i * Math.PI * step) / 2);
}

describe("constant exponents", () => {
  const pow = scalars.get("pow")!;
  const exponents = [0, 1, 2, -1, 0.5, 3, 4, 5, 6, 7, 8, -2, -3, -4, 1.5, 9];

  test.each(exponents)("x^%d takes no more than it must, and is right at the edges", (p) => {
    for (const dtype of dtypes) {
      const e = call(pow, [slot(0), { kind: "const", value: p }]);
      const f = emulate(
        e.kind === "call" && e.fn === pow ? pow.expand!(e.args, dtype) : e,
        dtype,
        "twice",
      );
      for (const x of [...edges(dtype), ...bitPatterns(dtype, 2000)])
        expect(ulps(f(x), x ** p, 0, dtype), `${x}^${p} = ${f(x)}`).toBeLessThanOrEqual(4);
    }
  });

  test("0, 1, 2, −1 and ½ need no logarithm, whole numbers neither", () => {
    for (const p of exponents.slice(0, 5))
      expect(call(pow, [slot(0), { kind: "const", value: p }])).not.toHaveProperty("fn", pow);
    const cube = pow.expand!([slot(0), { kind: "const", value: 3 }], "float32");
    expect(operations(cube)).toEqual({ mul: 2 });
  });
});

test("the emulated multiply-add rounds once", () => {
  expect(fusedDouble(1 + 2 ** -30, 1 - 2 ** -30, -1)).toBe(-(2 ** -60));
  expect((1 + 2 ** -30) * (1 - 2 ** -30) - 1).toBe(0);
});
