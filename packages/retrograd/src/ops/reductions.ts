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

/** One map over the letters of `axes`, which `out` lacks. */
function reduce(
  name: string,
  x: Tensor,
  axes: readonly number[],
  body: Expr,
  kind: "sum" | "max",
  keepDims = false,
): Tensor {
  const letters = lettersOfRank(x.rank);
  const out = [...letters].filter((_, d) => !axes.includes(d)).join("");
  const y = map(`${letters}->${out}`, body, [x], { reduce: kind, name });
  return keepDims ? reshapeTo(y, keptShape(x, axes)) : y;
}

const keptShape = (x: Tensor, axes: readonly number[]): number[] =>
  x.shape.map((n, d) => (axes.includes(d) ? 1 : n));

function needsFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype))
    fail("dtype-mismatch", { op, given: describeFully(x), expected: "float32 or float64" });
}

/** Elements that meet in one result. */
const count = (x: Tensor, axes: readonly number[]): number =>
  axes.reduce((n, d) => n * x.shape[d], 1);

function needsElements(op: string, x: Tensor, axes: readonly number[]): void {
  if (count(x, axes) === 0)
    fail("shape-mismatch", { op, given: x.describe(), expected: "at least one element" });
}

/**
 * Σ x over the given axes, all of them by default; of bools, how many are true, in int32.
 * @throws "axis-range"
 */
export function sum(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  const body = x.dtype === "bool" ? scalar.toInt32(slot(0)) : slot(0);
  return reduce("sum", x, axesOf("sum", x, axis), body, "sum", keepDims);
}

/** The mean over the given axes, all of them by default; of floats. */
export function mean(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  needsFloat("mean", x);
  const axes = axesOf("mean", x, axis);
  const total = reduce("mean", x, axes, slot(0), "sum", keepDims);
  return elementwise("mean", (e) => scalar.div(e, count(x, axes)), [total]);
}

/** The largest element; ties share the derivative. @throws "shape-mismatch" when there is none */
export function max(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  const axes = axesOf("max", x, axis);
  needsElements("max", x, axes);
  return reduce("max", x, axes, slot(0), "max", keepDims);
}

/** The smallest element; ties share the derivative. @throws "shape-mismatch" when there is none */
export function min(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  const axes = axesOf("min", x, axis);
  needsElements("min", x, axes);
  return opposite(reduce("min", opposite(x), axes, slot(0), "max", keepDims));
}

/**
 * The product over the given axes, all of them by default. Halves are multiplied with each other,
 * so the derivative is right where factors are 0.
 */
export function prod(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  const axes = axesOf("prod", x, axis);
  const kept = x.shape.filter((_, d) => !axes.includes(d));
  const shape = keepDims ? keptShape(x, axes) : kept;
  if (count(x, axes) === 0)
    return elementwise("prod", (e) => scalar.add(e, 1), [reshapeTo(sum(x, axes), shape)]);
  const letters = [...lettersOfRank(x.rank)];
  const order = [...axes.map((d) => letters[d]), ...letters.filter((_, d) => !axes.includes(d))];
  const moved = map(`${letters.join("")}->${order.join("")}`, slot(0), [x], { name: "prod" });
  let y = reshapeTo(moved, [count(x, axes), ...kept]);
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
export function variance(
  x: Tensor,
  axis?: Axes,
  { keepDims, correction = 0 }: VarianceOptions = {},
): Tensor {
  const axes = axesOf("variance", x, axis);
  const rest = sub(x, mean(x, axes, { keepDims: true }));
  const n = count(x, axes) - correction;
  const total = sum(square(rest), axes, { keepDims });
  return elementwise("variance", (e) => scalar.div(e, n), [total]);
}

/** The square root whose derivative at 0 is 0, as a length needs it. */
const rootOf = (e: Expr): Expr => scalar.select(scalar.equal(e, 0), 0, scalar.sqrt(e));

/** The square root of the variance; its derivative is 0 where all elements are equal. */
export const standardDeviation = (x: Tensor, axis?: Axes, options: VarianceOptions = {}): Tensor =>
  elementwise("standardDeviation", rootOf, [variance(x, axis, options)]);

/** √Σ x² over the given axes, all of them by default; its derivative at 0 is 0. */
export function norm(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  needsFloat("norm", x);
  const total = reduce("norm", x, axesOf("norm", x, axis), scalar.square(slot(0)), "sum", keepDims);
  return elementwise("norm", rootOf, [total]);
}

/** true where any element is; of bools. */
export function any(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  if (x.dtype !== "bool")
    fail("dtype-mismatch", { op: "any", given: describeFully(x), expected: "bool" });
  const axes = axesOf("any", x, axis);
  const found = reduce("any", x, axes, scalar.toInt32(slot(0)), "sum", keepDims);
  return elementwise("any", (e) => scalar.greater(e, 0), [found]);
}

/** true where every element is; of bools. */
export function all(x: Tensor, axis?: Axes, { keepDims }: ReduceOptions = {}): Tensor {
  if (x.dtype !== "bool")
    fail("dtype-mismatch", { op: "all", given: describeFully(x), expected: "bool" });
  const axes = axesOf("all", x, axis);
  const missing = scalar.toInt32(scalar.not(slot(0)));
  return elementwise("all", (e) => scalar.equal(e, 0), [
    reduce("all", x, axes, missing, "sum", keepDims),
  ]);
}

/** Index of the first element that equals `extreme` or is NaN, along the axis. */
function firstAt(name: string, x: Tensor, axis: number, extreme: Tensor, keepDims = false): Tensor {
  const letters = lettersOfRank(x.rank);
  const out = letters.replace(letters[axis], "");
  const last = x.shape[axis] - 1;
  const value = slot(0);
  const found = scalar.or(scalar.equal(value, slot(1)), scalar.notEqual(value, value));
  const body = scalar.select(found, scalar.sub(last, index(letters[axis])), -1);
  const fromEnd = map(`${letters},${out}->${out}`, body, [x, extreme], { reduce: "max", name });
  const y = elementwise(name, (e) => scalar.sub(last, e), [fromEnd]);
  return keepDims ? reshapeTo(y, keptShape(x, [axis])) : y;
}

/** Without an axis the tensor is read flat. */
const flatUnless = (op: string, x: Tensor, axis?: number): readonly [Tensor, number] =>
  axis === undefined ? [reshapeTo(x, [x.size]), 0] : [x, axisOf(op, x, axis)];

/** int32 index of the largest element along an axis, or of the flat tensor; ties: the first. */
export function argmax(x: Tensor, axis?: number, { keepDims }: ReduceOptions = {}): Tensor {
  const [y, at] = flatUnless("argmax", x, axis);
  return firstAt("argmax", y, at, max(y, at), keepDims);
}

/** int32 index of the smallest element along an axis, or of the flat tensor; ties: the first. */
export function argmin(x: Tensor, axis?: number, { keepDims }: ReduceOptions = {}): Tensor {
  const [y, at] = flatUnless("argmin", x, axis);
  return firstAt("argmin", y, at, min(y, at), keepDims);
}
