/** The last states of a cell, oldest first: one more axis in front, which moves on by one. */
import { concatenate } from "../../ops/concatenate.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Rows with the oldest one dropped and `latest` behind them. */
export const movedOn = (past: Tensor, latest: Tensor): Tensor =>
  concatenate([past.slice([1, null]), latest.expandDims(0)], 0);
