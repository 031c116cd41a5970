/** Softmax attention over a memory, of which some places may be empty. */
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { max } from "../../ops/reductions.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import { mul, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What is attended to, in the order of time: `past` moments before the sequence, and its own. */
export interface Attended {
  /** [past + time, heads, d] */
  readonly keys: Tensor;
  /** [past + time, heads, d] */
  readonly values: Tensor;
  /** Which of them there are, bool [past + time]. */
  readonly known: Tensor;
}

/**
 * Weights over the places of a memory: the softmax of the scores of those that are known.
 * @param scores  [..., places]
 * @param known   bool [places]; all of them where it is absent
 * @returns       [..., places]; zeros where nothing is known
 */
export function weightsOf(scores: Tensor, known?: Tensor): Tensor {
  if (!known) return scores.softmax();
  const held = where(known, scores, -Infinity);
  const top = max(stopGradient(held), -1, { keepDims: true });
  const raised = held.sub(where(top.greater(-Infinity), top, 0)).exp();
  const total = raised.sum(-1, { keepDims: true });
  return raised.div(where(total.greater(0), total, 1));
}

/**
 * Several heads at once; several heads of queries may share one of keys and values.
 *   c = Σ_u a_u v_u      a = softmax of q·k_u / √d over the known places u
 * @param q       [heads, repeats, d]
 * @param keys    [places, heads, d]
 * @param values  [places, heads, e]
 * @returns       context [heads, repeats, e] and weights [heads, repeats, places]
 * Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
 * Checked: plain loops.
 */
export function attend(q: Tensor, keys: Tensor, values: Tensor, known?: Tensor) {
  const product = mul(slot(0), slot(1));
  const scaled = q.mul(1 / Math.sqrt(q.shape[2]));
  const scores = map("grd,ugd->gru", product, [scaled, keys], { name: "scores" });
  const weights = weightsOf(scores, known);
  const context = map("gru,uge->gre", product, [weights, values], { name: "weighted sum" });
  return { context, weights };
}
