/** Losses of what was searched for, and may not have been found. */
import { lessEqual, select, slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Mean } from "./losses/loss.ts";
import { each } from "./pointwise.ts";

/**
 * The mean where the search came near enough, else NaN, which ends a run: numbers of a place that
 * was not found would be taken for a loss.
 * @param what  what was searched for, for the message
 */
export const whereFound = (what: string, error: Tensor, limit: number, mean: Mean): Mean => {
  const sum = select(lessEqual(slot(1), limit), slot(0), Number.NaN);
  return { ...mean, sum: each(what, sum, mean.sum, error) };
};
