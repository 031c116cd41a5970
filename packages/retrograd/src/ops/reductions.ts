/**
 * Reductions: maps that drop the letters of the axes they run over, and functions over them. All
 * take one axis, several, or none for all of them; `keepDims` leaves the axes behind with size 1.
 */
import { fail } from "../errors.ts";
import * as scalar from "../scalar/index.ts";
import { type Expr, index, isFloat, slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Axes, axesOf, axisOf, describeFully, lettersOfRank } from "./axes.ts";
import { elementwise } from "./broadcast.ts";
import { mul, opposite, square, sub } from "./elementwise.ts";
import { map } from "./map.ts";
import { reshapeTo } from "./reshape.ts";
import { part } from "./slicing.ts";

export interface ReduceOptions {
  /** Keep the reduced axes, with size 1. */
  readonly keepDims?: boolean;
}

const keptShape = (x: Tensor, axes: readonly number[]): number[] =>
  x.shape.map((n, d) => (axes.includes(d) ? 1 : n));

/** One map over the letters of the axes, which `out` lacks. */
function reduce(
  name: string,
  x: Tensor,
  axis: Axes | undefined,
  { keepDims }: ReduceOptions,
  body: Expr = slot(0),
  kind: "sum" | "max" = "sum",
): Tensor {
  const axes = axesOf(name, x, axis);
  if (kind === "max" && axes.some((d) => x.shape[d] === 0))
    fail("shape-mismatch", { op: name, given: x.describe(), expected: "at least one element" });
  const letters = lettersOfRank(x.rank);
  const out = [...letters].filter((_, d) => !axes.includes(d)).join("");
  const y = map(`${letters}->${out}`, body, [x], { reduce: kind, name });
  return keepDims ? reshapeTo(y, keptShape(x, axes)) : y;
}

function needs(op: string, x: Tensor, fits: boolean, expected: string): void {
  if (!fits) fail("dtype-mismatch", { op, given: describeFully(x), expected });
}
const needsFloat = (op: string, x: Tensor): void =>
  needs(op, x, isFloat(x.dtype), "float32 or float64");
const needsBool = (op: string, x: Tensor): void => needs(op, x, x.dtype === "bool", "bool");

/**
 * Σ x over the given axes, all of them by default; of bools, how many are true, in int32.
 * @throws "axis-range"
 */
export function sum(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  const body = x.dtype === "bool" ? scalar.toInt32(slot(0)) : slot(0);
  return reduce("sum", x, axis, options, body);
}

/** The sum y of x, divided by the number of elements that met in each result, less some. */
const shared = (name: string, x: Tensor, y: Tensor, less = 0): Tensor =>
  elementwise(name, (e) => scalar.div(e, x.size / y.size - less), [y]);

/** The mean over the given axes, all of them by default; of floats. */
export function mean(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  needsFloat("mean", x);
  return shared("mean", x, reduce("mean", x, axis, options));
}

/** The largest element; ties share the derivative. @throws "shape-mismatch" when there is none */
export const max = (x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor =>
  reduce("max", x, axis, options, slot(0), "max");

/** The smallest element; ties share the derivative. @throws "shape-mismatch" when there is none */
export const min = (x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor =>
  opposite(reduce("min", opposite(x), axis, options, slot(0), "max"));

/**
 * The product over the given axes, all of them by default. Halves are multiplied with each other,
 * so the derivative is right where factors are 0.
 */
export function prod(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  const axes = axesOf("prod", x, axis);
  const kept = x.shape.filter((_, d) => !axes.includes(d));
  const shape = keepDims ? keptShape(x, axes) : kept;
  const count = axes.reduce((n, d) => n * x.shape[d], 1);
  if (count === 0)
    return elementwise("prod", (e) => scalar.add(e, 1), [reshapeTo(sum(x, axes), shape)]);
  const letters = [...lettersOfRank(x.rank)];
  const order = [...axes.map((d) => letters[d]), ...letters.filter((_, d) => !axes.includes(d))];
  const moved = map(`${letters.join("")}->${order.join("")}`, slot(0), [x], { name: "prod" });
  let y = reshapeTo(moved, [count, ...kept]);
  const odd: Tensor[] = [];
  while (y.shape[0] > 1) {
    const half = y.shape[0] >> 1;
    if (y.shape[0] % 2 === 1) odd.push(part(y, 0, 2 * half, 1));
    y = mul(part(y, 0, 0, half), part(y, 0, half, half));
  }
  return reshapeTo(odd.reduce(mul, y), shape);
}

export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the number of elements that the sum is divided by: 1 for a sample. */
  readonly correction?: number;
}

/** Σ (x − mean)² / (n − correction) over the given axes, all of them by default. */
export function variance(x: Tensor, axis?: Axes, options: VarianceOptions = {}): Tensor {
  const axes = axesOf("variance", x, axis);
  const rest = sub(x, mean(x, axes, { keepDims: true }));
  return shared("variance", x, sum(square(rest), axes, options), options.correction);
}

/** The square root whose derivative at 0 is 0, as a length needs it. */
const rootOf = (e: Expr): Expr => scalar.select(scalar.equal(e, 0), 0, scalar.sqrt(e));

/** The square root of the variance; its derivative is 0 where all elements are equal. */
export const standardDeviation = (x: Tensor, axis?: Axes, options: VarianceOptions = {}): Tensor =>
  elementwise("standardDeviation", rootOf, [variance(x, axis, options)]);

/** √Σ x² over the given axes, all of them by default; its derivative at 0 is 0. */
export function norm(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  needsFloat("norm", x);
  return elementwise("norm", rootOf, [reduce("norm", x, axis, options, scalar.square(slot(0)))]);
}

/** true where any element is; of bools. */
export function any(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  needsBool("any", x);
  const found = reduce("any", x, axis, options, scalar.toInt32(slot(0)));
  return elementwise("any", (e) => scalar.greater(e, 0), [found]);
}

/** true where every element is; of bools. */
export function all(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  needsBool("all", x);
  const missing = reduce("all", x, axis, options, scalar.toInt32(scalar.not(slot(0))));
  return elementwise("all", (e) => scalar.equal(e, 0), [missing]);
}

/**
 * Index of the first element that is the largest or NaN, along an axis; without one the tensor is
 * read flat.
 */
function first(
  name: string,
  given: Tensor,
  axis: number | undefined,
  { keepDims }: ReduceOptions,
): Tensor {
  const x = axis === undefined ? reshapeTo(given, [given.size]) : given;
  const at = axisOf(name, x, axis ?? 0);
  const letters = lettersOfRank(x.rank);
  const out = letters.replace(letters[at], "");
  const last = x.shape[at] - 1;
  const value = slot(0);
  const found = scalar.or(scalar.equal(value, slot(1)), scalar.notEqual(value, value));
  const body = scalar.select(found, scalar.sub(last, index(letters[at])), -1);
  const largest = reduce(name, x, at, {}, value, "max");
  const fromEnd = map(`${letters},${out}->${out}`, body, [x, largest], { reduce: "max", name });
  const y = elementwise(name, (e) => scalar.sub(last, e), [fromEnd]);
  return keepDims ? reshapeTo(y, keptShape(x, [at])) : y;
}

/** int32 index of the largest element along an axis, or of the flat tensor; ties: the first. */
export const argmax = (x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor =>
  first("argmax", x, axis, options);

/** int32 index of the smallest element along an axis, or of the flat tensor; ties: the first. */
export const argmin = (x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor =>
  first("argmin", opposite(x), axis, options);
