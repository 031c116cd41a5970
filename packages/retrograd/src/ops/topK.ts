/**
 * topK: the k largest along the last axis and where they were, in descending order; ties by the
 * lower index, NaN last. Sorting is topK with k = n, so one op carries the derivatives of all.
 */
import { fail } from "../errors.ts";
import { apply, type Op, record, showType, sizeOf, Tensor } from "../tensor/tensor.ts";
import { axisOf } from "./axes.ts";
import { opposite } from "./elementwise.ts";
import { gatherOp, scatterAddOp } from "./gather.ts";
import { moveAxis } from "./shape.ts";
import { range } from "./strided.ts";

export interface TopKAttrs {
  readonly k: number;
}

/** Descending, NaN last; equal values keep their order because sorting is stable. */
const descending = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b) ? +Number.isNaN(a) - +Number.isNaN(b) : b - a || 0;

/** Axes before the last: rows that are sorted on their own. */
const rowsOf = (x: Tensor): number => x.rank - 1;

function checkK(x: string, n: number | undefined, k: number): void {
  if (n === undefined || !Number.isInteger(k) || k < 0 || k > n)
    fail("bad-argument", {
      where: "topK",
      given: `k = ${k} for ${x}`,
      expected: n === undefined ? "a tensor of at least one axis" : `k within 0…${n}`,
    });
}

export const topKOp: Op<TopKAttrs> = {
  name: "topK",
  lower: "host",
  shape([x], { k }) {
    const n = x.shape[x.shape.length - 1];
    checkK(showType(x), n, k);
    const shape = x.shape.with(-1, k);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: "int32" },
    ];
  },
  evaluate({ attrs: { k }, args: [x] }, [values]) {
    const n = x.shape[x.rank - 1];
    const rows = sizeOf(x.shape.slice(0, -1));
    const best = new Float64Array(rows * k);
    const places = new Float64Array(rows * k);
    for (let r = 0; r < rows; r++) {
      const row = values.subarray(r * n, (r + 1) * n);
      const order = range(n).sort((i, j) => descending(row[i], row[j]) || i - j);
      for (let i = 0; i < k; i++) {
        best[r * k + i] = row[order[i]];
        places[r * k + i] = order[i];
      }
    }
    return [best, places];
  },
  jvp(node, [dx]) {
    if (!dx) return [undefined, undefined];
    const attrs = { batch: rowsOf(node.args[0]) };
    return [record(gatherOp, [dx, new Tensor(node, 1)], attrs)[0], undefined];
  },
  vjp(node, [ct]) {
    if (!ct) return [undefined];
    const [x] = node.args;
    const attrs = { batch: rowsOf(x), size: x.shape[x.rank - 1] };
    return record(scatterAddOp, [ct, new Tensor(node, 1)], attrs);
  },
  batch: ({ attrs }, args) => record(topKOp, args, attrs),
};

/**
 * The k largest entries along an axis, descending; ties by the lower index, NaN last.
 * @returns  values and their int32 indices, both with k in place of the axis
 * @throws   "bad-argument", "axis-range"
 */
export function topK(x: Tensor, k: number, axis = -1): { values: Tensor; indices: Tensor } {
  const d = axisOf("topK", x, axis);
  checkK(x.describe(), x.shape[d], k);
  const moved = moveAxis(x, d, -1);
  const [values, indices] = apply(topKOp, [moved], { k });
  return { values: moveAxis(values, -1, d), indices: moveAxis(indices, -1, d) };
}

export interface SortOptions {
  readonly descending?: boolean;
}

/**
 * Entries along an axis in ascending order, or descending; ties keep their order, NaN last.
 * @throws "axis-range", "dtype-mismatch" for bool
 */
export function sort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  const d = axisOf("sort", x, axis);
  const n = x.shape[d];
  return descending ? topK(x, n, d).values : opposite(topK(opposite(x), n, d).values);
}

/** int32 indices that put an axis in ascending order, or descending; ties by the lower index. */
export function argsort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  const d = axisOf("argsort", x, axis);
  return topK(descending ? x : opposite(x), x.shape[d], d).indices;
}
