/**
 * Sequences with moments that do not count, for forms that take all moments at once: what counts is
 * moved to the front, so that what is held in between takes no place in a memory.
 */
import { cumsum } from "../../ops/cumulative.ts";
import { cast, maximum, where } from "../../ops/elementwise.ts";
import { at, part } from "../../ops/slicing.ts";
import { scatterAdd, take } from "../../ops/take.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface Packed {
  /** [time, …]: the valid moments, then zeros. */
  readonly xs: Tensor;
  /** How many are valid. */
  readonly length: number | Tensor;
  /** What was made of xs, [time, …], back in its place: zeros where a moment is not valid. */
  readonly spread: (ys: Tensor) => Tensor;
}

/**
 * @param xs     float [time, …]
 * @param valid  bool [time]; all moments where it is absent
 */
export function packed(xs: Tensor, valid: Tensor | undefined): Packed {
  const time = xs.shape[0];
  if (!valid) return { xs, length: time, spread: (ys) => ys };
  const ranks = cumsum(cast(valid, "int32"));
  const only = (t: Tensor) => where(valid.reshape([time, ...t.shape.slice(1).map(() => 1)]), t, 0);
  const places = where(valid, ranks.sub(1), time); // the others share a row that is cut off
  return {
    xs: part(scatterAdd(only(xs), places, time + 1), 0, 0, time),
    length: at(ranks, time - 1),
    spread: (ys) => only(take(ys, maximum(ranks.sub(1), 0))),
  };
}
