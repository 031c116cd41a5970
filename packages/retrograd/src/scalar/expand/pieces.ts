/**
 * What the expansions are made of. They use only rows that every target spells, hold with a fused
 * multiply-add and without one, and clamp by atLeast and atMost, which let NaN through where min
 * and max may not.
 */
import { atLeast, atMost, floor, fma, mul, sub } from "../arithmetic.ts";
import type { DType } from "../dtype.ts";
import type { Arg, Expr } from "../expr.ts";

/**
 * What differs between the float types. Coefficients of float32 have the digits that tell them
 * apart.
 */
export interface Table<T> {
  readonly float32: T;
  readonly float64: T;
}

export const pick = <T>(table: Table<T>, dtype: DType): T =>
  dtype === "float64" ? table.float64 : table.float32;

/** The constants of one float type. */
interface Format {
  /** 1.5·2^(bits of the significand − 1): a sum with it is rounded to an integer. */
  readonly toInteger: number;
  /** log 2 = ln2High + ln2Low: the first times any exponent is exact, both > 0 keep −0. */
  readonly ln2High: number;
  readonly ln2Low: number;
  readonly log2e: number;
  readonly smallestNormal: number;
  /** Bits of the significand. */
  readonly digits: number;
}

const formats: Table<Format> = {
  float32: {
    toInteger: 1.5 * 2 ** 23,
    ln2High: 0.693115234375,
    ln2Low: 3.194618329871446e-5,
    log2e: 1.4426950216293335,
    smallestNormal: 2 ** -126,
    digits: 24,
  },
  float64: {
    toInteger: 1.5 * 2 ** 52,
    ln2High: 0.6931471805592082,
    ln2Low: 7.371002565167799e-13,
    log2e: Math.LOG2E,
    smallestNormal: 2 ** -1022,
    digits: 53,
  },
};

export const formatOf = (dtype: DType): Format => pick(formats, dtype);

/** c₀ + c₁x + c₂x² + …, by Horner's rule. */
export const polynomial = (x: Expr, coefficients: readonly Arg[]): Expr =>
  coefficients.reduceRight((sum: Arg, c) => fma(sum, x, c)) as Expr;

export const clamp = (x: Expr, low: number, high: number): Expr => atMost(atLeast(x, low), high);

/** x·factor to the nearest integer, never −0; right below 2²² (float32) or 2⁵¹ (float64). */
export const nearest = (x: Expr, factor: number, dtype: DType): Expr => {
  const { toInteger } = formatOf(dtype);
  return sub(fma(x, factor, toInteger), toInteger);
};

/** x − n·(c₀ + c₁ + …), each product exact but the last. Source: Cody and Waite 1980. */
export const reduce = (x: Expr, n: Expr, parts: readonly number[]): Expr =>
  parts.reduce((rest, part) => fma(n, -part, rest), x);

/** n/2 rounded down, for an integer n. */
export const halfDown = (n: Expr): Expr => floor(mul(n, 0.5));
