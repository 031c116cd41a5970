/**
 * gather and scatterAdd, each the transpose of the other: rows read by index, and rows added to the
 * places they came from, in order, so that the same input gives the same bits. An index that is out
 * of range means the nearest row, in both; functions that see concrete indices refuse it first.
 */
import { fail } from "../errors.ts";
import { slot } from "../scalar/index.ts";
import {
  type Op,
  record,
  type Shape,
  showType,
  sizeOf,
  type Tensor,
  type Type,
} from "../tensor/tensor.ts";
import { lettersOfRank } from "./axes.ts";
import { recordMap } from "./map.ts";
import { repeated } from "./repeat.ts";
import { linearTangent } from "./rules.ts";

/** x [B…, n, …rest], int32 indices [B…, …k] → [B…, …k, …rest]; B are the first `batch` axes. */
export interface GatherAttrs {
  readonly batch: number;
}
/** updates [B…, …k, …rest], int32 indices [B…, …k] → [B…, size, …rest], zeros but for the sums. */
export interface ScatterAddAttrs {
  readonly batch: number;
  readonly size: number;
}

/** Groups that share nothing, and per group: rows in the table, indices, and numbers in a row. */
function sizesOf(table: Shape, indices: Shape, batch: number) {
  return {
    groups: sizeOf(table.slice(0, batch)),
    rows: table[batch],
    count: sizeOf(indices.slice(batch)),
    width: sizeOf(table.slice(batch + 1)),
  };
}

function checkIndices(op: string, indices: Type, others: Type, batch: number): void {
  if (indices.dtype !== "int32")
    fail("dtype-mismatch", {
      op,
      given: showType(indices),
      expected: "an int32 tensor of indices",
    });
  for (let d = 0; d < batch; d++)
    if (indices.shape[d] !== others.shape[d])
      fail("axis-mismatch", {
        op,
        axis: String(d),
        a: showType(others),
        b: `indices ${showType(indices)}`,
        sizeA: others.shape[d] ?? 1,
        sizeB: indices.shape[d] ?? 1,
      });
}

/** Visit (offset of a number in the table, offset of it among the gathered ones), in order. */
function walk(
  table: Shape,
  indices: Type,
  values: Float64Array,
  batch: number,
  visit: (inTable: number, inRows: number) => void,
): void {
  const { groups, rows, count, width } = sizesOf(table, indices.shape, batch);
  if (rows === 0) return;
  for (let g = 0; g < groups; g++)
    for (let i = 0; i < count; i++) {
      const row = Math.max(0, Math.min(rows - 1, values[g * count + i]));
      for (let j = 0; j < width; j++)
        visit((g * rows + row) * width + j, (g * count + i) * width + j);
    }
}

export const gatherOp: Op<GatherAttrs> = {
  name: "gather",
  lower: "host",
  shape([x, indices], { batch }) {
    if (x.shape.length <= batch)
      fail("rank-mismatch", {
        op: "gather",
        operand: showType(x),
        expected: `a tensor of more than ${batch} axes`,
      });
    checkIndices("gather", indices, x, batch);
    const shape = [...indices.shape, ...x.shape.slice(batch + 1)];
    return [{ shape, dtype: x.dtype }];
  },
  evaluate({ attrs: { batch }, args: [x, indices], outputs: [{ shape }] }, [values, at]) {
    const out = new Float64Array(sizeOf(shape));
    walk(x.shape, indices, at, batch, (inTable, inRows) => {
      out[inRows] = values[inTable];
    });
    return [out];
  },
  jvp: linearTangent,
  vjp({ attrs: { batch }, args: [x, indices] }, [ct]) {
    if (!ct) return [undefined, undefined];
    const size = x.shape[batch];
    return [record(scatterAddOp, [ct, indices], { batch, size })[0], undefined];
  },
  batch({ attrs: { batch } }, [x, indices], [wideX, wideIndices], size) {
    if (wideX) {
      const each = wideIndices ? indices : repeated(indices, size);
      return record(gatherOp, [x, each], { batch: batch + 1 });
    }
    // One table for all samples: their axis is one more axis of indices, behind the shared ones.
    const inner = record(gatherOp, [x, moveFirst(indices, batch)], { batch });
    return inner.map((y) => moveToFront(y, batch));
  },
};

export const scatterAddOp: Op<ScatterAddAttrs> = {
  name: "scatterAdd",
  lower: "host",
  shape([updates, indices], { batch, size }) {
    checkIndices("scatterAdd", indices, updates, indices.shape.length);
    const rest = updates.shape.slice(indices.shape.length);
    const shape = [...updates.shape.slice(0, batch), size, ...rest];
    return [{ shape, dtype: updates.dtype }];
  },
  evaluate({ attrs: { batch }, args: [, indices], outputs: [{ shape }] }, [values, at]) {
    const out = new Float64Array(sizeOf(shape));
    walk(shape, indices, at, batch, (inTable, inRows) => {
      out[inTable] += values[inRows];
    });
    return [out];
  },
  jvp: linearTangent,
  vjp: ({ attrs: { batch }, args: [, indices] }, [ct]) => [
    ct && record(gatherOp, [ct, indices], { batch })[0],
    undefined,
  ],
  batch({ attrs: { batch, size: rows } }, args, batched, size) {
    const each = args.map((a, k) => (batched[k] ? a : repeated(a, size)));
    return record(scatterAddOp, each, { batch: batch + 1, size: rows });
  },
};

/** The first axis moved behind the `by` axes that follow it. */
const moveFirst = (x: Tensor, by: number): Tensor => {
  const letters = lettersOfRank(x.rank);
  const out = letters.slice(1, by + 1) + letters[0] + letters.slice(by + 1);
  return by === 0 ? x : recordMap(`${letters}->${out}`, slot(0), [x], { name: "transpose" });
};
/** Axis `from` moved to the front. */
const moveToFront = (x: Tensor, from: number): Tensor => {
  const letters = lettersOfRank(x.rank);
  const out = letters[from] + letters.replace(letters[from], "");
  return from === 0 ? x : recordMap(`${letters}->${out}`, slot(0), [x], { name: "transpose" });
};
