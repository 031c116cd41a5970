/**
 * The further rows that shards may need (see rowsFor) are nobody's: a checkpoint holds the rows of
 * the data alone, and is the same for every number of shards.
 */
import { concrete, type Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import { resized } from "./batch.ts";
import { zip } from "./pointwise.ts";
import type { Carry } from "./step.ts";

/** A carry whose state has the rows of the data alone. */
export const withoutPadding = (carry: Carry, rows: number): Carry => ({
  ...carry,
  state: mapTree(carry.state, (t: Tensor) => (t.shape[0] === rows ? t : resized(t, 0, 0, rows))),
});

/** Such a carry with the further rows of `first`, the carry of a run that begins. */
export const withPadding = (carry: Carry, first: Carry): Carry => ({
  ...carry,
  state: zip(first.state, ([whole, own]) => put(own, whole), carry.state),
});

function put(own: Tensor, whole: Tensor): Tensor {
  const data = whole.data.slice();
  data.set(own.data);
  return concrete(data, { shape: whole.shape, dtype: whole.dtype }, whole.name);
}
