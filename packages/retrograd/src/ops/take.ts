/**
 * Rows by index, as users ask for them: take (embedding tables, labels), scatterAdd and oneHot.
 * Indices that are concrete are checked; those of a traced function are clamped when it runs.
 */
import { fail } from "../errors.ts";
import type { DType } from "../scalar/dtype.ts";
import * as scalar from "../scalar/index.ts";
import { apply, type Tensor } from "../tensor/tensor.ts";
import { axisOf, describeFully, lettersOfRank } from "./axes.ts";
import { gatherOp, scatterAddOp } from "./gather.ts";
import { map } from "./map.ts";
import { moveAxis } from "./shape.ts";

/** Refuses indices outside 0 … n − 1, where they are known. @throws "index-range", "dtype-mismatch" */
export function checkIndices(op: string, indices: Tensor, n: number): void {
  if (indices.dtype !== "int32")
    fail("dtype-mismatch", {
      op,
      given: describeFully(indices),
      expected: "an int32 tensor of indices",
    });
  if (!indices.isConcrete) return;
  const bad = indices.data.findIndex((i) => i < 0 || i >= n);
  if (bad >= 0)
    fail("index-range", {
      op,
      given: `index ${indices.data[bad]} (element ${bad} of ${indices.describe()})`,
      expected: n === 0 ? "no index, for the axis is empty" : `0…${n - 1}`,
    });
}

export interface TakeOptions {
  /** The axis that is indexed; the one after the shared ones by default. */
  readonly axis?: number;
  /** How many leading axes x and the indices share: one index for every sample. */
  readonly batch?: number;
}

/**
 * Entries of x along an axis.
 *   take(table [n, d], ids [B, T]) → [B, T, d]
 *   take(logits [B, T, n], labels [B, T], { batch: 2 }) → [B, T]
 * @param x        [B…, …, n, …rest] with n at `axis`
 * @param indices  int32 [B…, …k], within 0 … n − 1
 * @returns        x with the axis n replaced by …k
 * @throws         "index-range" for concrete indices, "dtype-mismatch", "axis-range"
 */
export function take(
  x: Tensor,
  indices: Tensor,
  { batch = 0, axis = batch }: TakeOptions = {},
): Tensor {
  const d = axisOf("take", x, axis);
  if (batch > d || batch > indices.rank)
    fail("bad-argument", {
      where: "take",
      given: `batch ${batch} for axis ${d} of ${x.describe()} and ${indices.describe()}`,
      expected: "fewer shared axes, all of them before the axis",
    });
  for (let k = 0; k < batch; k++)
    if (x.shape[k] !== indices.shape[k])
      fail("axis-mismatch", {
        op: "take",
        axis: String(k),
        a: x.describe(),
        b: indices.describe(),
        sizeA: x.shape[k],
        sizeB: indices.shape[k],
      });
  checkIndices("take", indices, x.shape[d]);
  if (x.shape[d] === 0 && indices.size > 0)
    fail("shape-mismatch", { op: "take", given: x.describe(), expected: "an axis with entries" });
  const rows = apply(gatherOp, [moveAxis(x, d, batch), indices], { batch })[0];
  // The axes between the shared ones and `axis` come before those of the indices.
  let y = rows;
  for (let k = 0; k < d - batch; k++) y = moveAxis(y, indices.rank + k, batch + k);
  return y;
}

/**
 * Zeros [size, …rest] with row updates[i] added at indices[i], in order: the transpose of take.
 * @param updates  [...k, …rest]
 * @param indices  int32 [...k], within 0 … size − 1
 * @throws         "index-range" for concrete indices, "dtype-mismatch", "axis-mismatch"
 */
export function scatterAdd(updates: Tensor, indices: Tensor, size: number): Tensor {
  checkIndices("scatterAdd", indices, size);
  return apply(scatterAddOp, [updates, indices], { batch: 0, size })[0];
}

/**
 * 1 at each index of a new last axis, 0 elsewhere.
 * @param indices  int32 [...]
 * @returns        [..., n]
 * @throws         "index-range" for concrete indices, "dtype-mismatch"
 */
export function oneHot(
  indices: Tensor,
  n: number,
  { dtype = "float32" }: { dtype?: DType } = {},
): Tensor {
  checkIndices("oneHot", indices, n);
  const letters = lettersOfRank(indices.rank);
  const body = scalar.select(scalar.equal(scalar.slot(0), scalar.index("Z")), 1, 0);
  return map(`${letters}->${letters}Z`, body, [indices], {
    sizes: { Z: n },
    name: "oneHot",
    dtype,
  });
}
