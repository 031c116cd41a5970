/** The moment before each moment, for cells that read both. */
import { associativeScan } from "../../loops/associativeScan.ts";
import { concatenate } from "../../ops/concatenate.ts";
import { where } from "../../ops/elementwise.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { beside } from "./heads.ts";

/**
 * @param first  [features], before the first moment
 * @param xs     [time, features]
 * @param valid  bool [time]: what is not valid is passed over
 * @returns      before: at each moment the valid one before it; last: the last valid one of all
 */
export function lastMoments(first: Tensor, xs: Tensor, valid?: Tensor) {
  const [time, features] = xs.shape;
  const all = concatenate([first.reshape([1, features]), valid ? latest(first, xs, valid) : xs]);
  return { before: all.slice([0, time]), last: all.slice(time) };
}

/** At each moment the last one up to it that is valid, or `first`. */
function latest(first: Tensor, xs: Tensor, valid: Tensor): Tensor {
  const found = associativeScan(
    (earlier: { valid: Tensor; x: Tensor }, later) => ({
      valid: earlier.valid.or(later.valid),
      x: where(beside(later.valid), later.x, earlier.x),
    }),
    { valid, x: xs },
  );
  return where(beside(found.valid), found.x, first);
}
