/**
 * x^p = e^(p·log x). The product loses as many bits as it has before the point, so log x is carried
 * in two parts, and its leading part is kept so short that its product with p is exact.
 */
import { abs, add, div, equal, floor, fma, less, mul, select, sub } from "../arithmetic.ts";
import type { DType } from "../dtype.ts";
import type { Expr } from "../expr.ts";
import { scaledExp } from "./exponential.ts";
import { splitLog, tailOfLog } from "./logarithm.ts";
import { clamp, formatOf, nearest, pick, type Table } from "./pieces.ts";

interface Layout {
  /** 1.5·2ᵏ, whose sum with a number leaves it only the bits above 2^(k + 1 − digits). */
  readonly splitU: number;
  readonly splitP: number;
  readonly splitLog: number;
  /** log 2 in two parts, the first times n exact. */
  readonly ln2: readonly [number, number];
  /** Larger |p| change no result; larger |p·log₂ x| are 0 or ∞. */
  readonly largestP: number;
  readonly largestPower: number;
}

const LAYOUT: Table<Layout> = {
  float32: {
    splitU: 1.5 * 2 ** 11,
    splitP: 1.5 * 2 ** 14,
    splitLog: 1.5 * 2 ** 15,
    ln2: [0.69140625, 0.0017409306019544601],
    largestP: 2 ** 40,
    largestPower: 160,
  },
  float64: {
    splitU: 1.5 * 2 ** 26,
    splitP: 1.5 * 2 ** 32,
    splitLog: 1.5 * 2 ** 30,
    ln2: [0.6931467056274414, 4.7493250390316726e-7],
    largestP: 2 ** 64,
    largestPower: 1100,
  },
};

/** x rounded to the grid that `by` stands for; x minus it is exact. */
const leading = (x: Expr, by: number): Expr => sub(add(x, by), by);

/** log(1 + u) as a leading part on a coarse grid and the rest. */
function splitLogOf(u: Expr, layout: Layout, dtype: DType): [head: Expr, rest: Expr] {
  const coarse = leading(u, layout.splitU);
  const exact = mul(mul(coarse, coarse), 0.5);
  const inexact = mul(mul(add(u, coarse), sub(u, coarse)), 0.5);
  const tail = tailOfLog(u, mul(mul(u, u), 0.5), dtype);
  const high = sub(u, exact);
  const low = add(sub(sub(sub(u, high), exact), inexact), tail);
  const sum = add(high, low);
  const lost = add(sub(high, sum), low);
  const head = leading(sum, layout.splitLog);
  return [head, add(sub(sum, head), lost)];
}

/** x^p for 0 < x < ∞. */
function positivePower(x: Expr, p: Expr, dtype: DType): Expr {
  const layout = pick(LAYOUT, dtype);
  const [ln2High, ln2Low] = layout.ln2;
  const { e, u } = splitLog(x, dtype);
  const [head, rest] = splitLogOf(u, layout, dtype);
  const held = clamp(p, -layout.largestP, layout.largestP);
  const pHigh = leading(held, layout.splitP);
  const pLow = sub(held, pHigh);

  const whole = mul(pHigh, e);
  const part = mul(pHigh, head);
  const small = fma(held, rest, mul(pLow, fma(e, Math.LN2, head)));
  const { log2e } = formatOf(dtype);
  const power = fma(add(part, small), log2e, whole);
  const m = nearest(clamp(power, -layout.largestPower, layout.largestPower), 0.5, dtype);
  const excess = fma(m, -2, whole);
  const r = add(fma(excess, ln2High, part), fma(excess, ln2Low, small));
  return scaledExp(m, clamp(r, -1, 1), dtype);
}

/** x^k by multiplication, for a whole number k ≥ 1. */
function repeated(x: Expr, k: number): Expr {
  if (k === 1) return x;
  const root = repeated(x, k >> 1);
  const squared = mul(root, root);
  return k % 2 === 1 ? mul(squared, x) : squared;
}

/** Small whole exponents take products: 4 ulp at most. */
function constantPower(x: Expr, p: number): Expr | undefined {
  if (!Number.isInteger(p) || p === 0) return undefined;
  if (p > 0 && p <= 7) return repeated(x, p);
  if (p < 0 && p >= -4) return repeated(div(1, x), -p);
  return undefined;
}

/**
 * Bound: 2.5 ulp for |p| ≤ 32, 9 ulp for |p| ≤ 128, 21 ulp for |p| ≤ 512, more beyond.
 * Limits as in IEEE 754, but for a NaN exponent, which gives NaN even where x = 1.
 */
export function expandPow([x, p]: readonly Expr[], dtype: DType): Expr {
  const simple = p.kind === "const" ? constantPower(x, p.value) : undefined;
  if (simple) return simple;
  const size = abs(x);
  const inverse = div(1, x);
  const limit = select(less(0, p), size, select(less(p, 0), abs(inverse), p));
  const inside = select(less(size, Infinity), positivePower(size, p, dtype), limit);
  const value = select(less(0, size), inside, limit);

  const result = select(less(add(x, inverse), 0), mul(value, signOf(x, p)), value);
  return select(equal(p, 0), 1, result);
}

/** The sign of a negative x (or −0) to the power p; NaN where that is not real. */
function signOf(x: Expr, p: Expr): Expr {
  const half = mul(p, 0.5);
  const whole = select(equal(floor(half), half), 1, -1);
  const zeroOrInfinite = equal(mul(x, 0.5), x);
  return select(equal(floor(p), p), whole, select(zeroOrInfinite, 1, NaN));
}
