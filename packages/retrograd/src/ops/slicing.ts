/**
 * Cutting tensors up: ranges per axis, single rows, equal parts, and the moves that are made of
 * slices (shift, roll). Indices may count from the end; none is silently out of range.
 */
import { fail } from "../errors.ts";
import * as scalar from "../scalar/index.ts";
import { slot } from "../scalar/index.ts";
import { apply, type Tensor } from "../tensor/tensor.ts";
import { axisOf, lettersOfRank } from "./axes.ts";
import { concatenate } from "./concatenate.ts";
import { map } from "./map.ts";
import { reshapeTo } from "./reshape.ts";
import { padOp, sliceOp } from "./slice.ts";

/** One axis of a slice: an index (the axis goes), [start, stop, step?], or null for all of it. */
export type Range =
  | number
  | null
  | undefined
  | readonly [start?: number | null, stop?: number | null, step?: number];

const zeros = (x: Tensor): number[] => x.shape.map(() => 0);
const ones = (x: Tensor): number[] => x.shape.map(() => 1);

/** `size` elements from `start` along one axis. */
export function part(x: Tensor, axis: number, start: number, size: number): Tensor {
  if (start === 0 && size === x.shape[axis]) return x;
  const starts = zeros(x).with(axis, start);
  return apply(sliceOp, [x], { starts, sizes: x.shape.with(axis, size), strides: ones(x) })[0];
}

/** A whole number within 0 … limit, counted from the end when negative. */
function within(op: string, x: Tensor, axis: number, given: number, limit: number): number {
  const n = x.shape[axis];
  const at = given < 0 ? given + n : given;
  if (!Number.isInteger(at) || at < 0 || at > limit)
    fail("index-range", {
      op,
      given: `${given} on axis ${axis} of ${x.describe()}`,
      expected: limit < 0 ? "no index, for the axis is empty" : `−${n}…${limit}`,
    });
  return at;
}

/** [start, size, step] of one axis. */
function rangeOf(x: Tensor, axis: number, range: Range): [number, number, number] {
  const n = x.shape[axis];
  if (range === null || range === undefined) return [0, n, 1];
  if (typeof range === "number") return [within("slice", x, axis, range, n - 1), 1, 1];
  const [start, stop, step = 1] = range;
  if (!Number.isInteger(step) || step < 1)
    fail("bad-argument", {
      where: "slice",
      given: `the step ${step}`,
      expected: "a whole step of at least 1 (flip reads backwards)",
    });
  const first = within("slice", x, axis, start ?? 0, n);
  const end = within("slice", x, axis, stop ?? n, n);
  return [first, Math.max(0, Math.ceil((end - first) / step)), step];
}

/**
 * A part of x: `x.slice([1, 3], null, -1, [0, null, 2])`. Missing axes are taken whole.
 * @param ranges  per axis: an index (that axis goes), [start, stop, step] or null
 * @throws        "index-range", "rank-mismatch", "bad-argument"
 */
export function slice(x: Tensor, ...ranges: Range[]): Tensor {
  if (ranges.length > x.rank)
    fail("rank-mismatch", {
      op: "slice",
      operand: x.describe(),
      expected: `a tensor of at least ${ranges.length} axes`,
    });
  const rows = x.shape.map((_, d) => rangeOf(x, d, ranges[d]));
  const sizes = rows.map(([, size]) => size);
  const whole = rows.every(
    ([start, size, step], d) => start === 0 && step === 1 && size === x.shape[d],
  );
  const starts = rows.map(([start]) => start);
  const strides = rows.map(([, , step]) => step);
  const y = whole ? x : apply(sliceOp, [x], { starts, sizes, strides })[0];
  return reshapeTo(
    y,
    sizes.filter((_, d) => typeof ranges[d] !== "number"),
  );
}

/** Entry i of the first axis, which goes. @throws "index-range", "rank-mismatch" */
export const at = (x: Tensor, i: number): Tensor => slice(x, i);

/**
 * Parts of x along an axis.
 * @param parts  how many equal parts, or the size of each
 * @throws       "bad-argument" when they do not fill the axis
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  const d = axisOf("split", x, axis);
  const n = x.shape[d];
  const even = typeof parts === "number" ? Array.from({ length: parts }, () => n / parts) : parts;
  const total = even.reduce((a, b) => a + b, 0);
  if (!even.every((size) => Number.isInteger(size) && size >= 0) || total !== n)
    fail("bad-argument", {
      where: "split",
      given: `${typeof parts === "number" ? `${parts} parts` : `[${parts}]`} for ${x.describe()}`,
      expected: `a list of sizes that add up to the ${n} of axis ${d}, or a number that divides it`,
    });
  let from = 0;
  return even.map((size) => part(x, d, (from += size) - size, size));
}

/**
 * x between borders.
 * @param widths  [before, behind] per axis, or one pair for every axis
 * @param value   what the borders hold, 0 by default
 * @throws        "bad-argument"
 */
export function pad(
  x: Tensor,
  widths: readonly [number, number] | readonly (readonly [number, number])[],
  value = 0,
): Tensor {
  const pairs = (
    typeof widths[0] === "number" ? x.shape.map(() => widths) : widths
  ) as readonly (readonly [number, number])[];
  if (pairs.length !== x.rank)
    fail("bad-argument", {
      where: "pad",
      given: `${JSON.stringify(pairs)} for ${x.describe()}`,
      expected: "one pair [before, behind] per axis",
    });
  const low = pairs.map(([before]) => before);
  const high = pairs.map(([, behind]) => behind);
  const padded = apply(padOp, [x], { low, high, interior: zeros(x) })[0];
  if (value === 0) return padded;
  const letters = lettersOfRank(x.rank);
  const inside = [...letters].map((l, d) => {
    const from = scalar.lessEqual(low[d], scalar.index(l));
    return scalar.and(from, scalar.less(scalar.index(l), low[d] + x.shape[d]));
  });
  if (inside.length === 0) return padded;
  const body = scalar.select(
    inside.reduce((a, b) => scalar.and(a, b)),
    slot(0),
    value,
  );
  return map(`${letters}->${letters}`, body, [padded], { name: "pad" });
}

/** y[i] = x[i − by] along an axis, and 0 where i − by leaves it. */
export function shift(x: Tensor, by: number, axis = 0): Tensor {
  const d = axisOf("shift", x, axis);
  const n = x.shape[d];
  if (by === 0) return x;
  const width = Math.min(Math.abs(by), n);
  const kept = part(x, d, by > 0 ? 0 : width, n - width);
  const low = zeros(x).with(d, by > 0 ? width : 0);
  const high = zeros(x).with(d, by > 0 ? 0 : width);
  return apply(padOp, [kept], { low, high, interior: zeros(x) })[0];
}

/** y[i] = x[i − by] along an axis, around its end. */
export function roll(x: Tensor, by: number, axis = 0): Tensor {
  const d = axisOf("roll", x, axis);
  const n = x.shape[d];
  const cutAt = n === 0 ? 0 : ((-by % n) + n) % n;
  return cutAt === 0 ? x : concatenate([part(x, d, cutAt, n - cutAt), part(x, d, 0, cutAt)], d);
}
