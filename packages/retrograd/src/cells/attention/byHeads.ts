/**
 * Softmax attention head by head: what one head computes on the way is small enough to stay near,
 * and is computed again on the way back instead of being brought from far. Heads, and samples of a
 * batch, are turns of one loop that carries nothing.
 */
import { scan } from "../../loops/scanTree.ts";
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { max } from "../../ops/reductions.ts";
import { swapAxes } from "../../ops/shape.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import {
  add,
  and,
  div,
  exp,
  greater,
  greaterEqual,
  index,
  less,
  mul,
  select,
  slot,
  sub,
} from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { remat } from "../../transform/remat.ts";
import type { Attended } from "./attend.ts";

/** One head: queries [time, repeats, d], keys and values [places, d], which are known [places]. */
interface Head {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly known: Tensor;
}

/**
 * @param queries  [time, heads, repeats, d], scaled
 * @returns        [time, heads, repeats, d]
 * Checked: plain loops over all pairs.
 */
export function byHeads(queries: Tensor, attended: Attended, context: number): Tensor {
  const heads = {
    q: swapAxes(queries, 0, 1),
    k: swapAxes(attended.keys, 0, 1),
    v: swapAxes(attended.values, 0, 1),
    known: map("c->gc", slot(0), [attended.known], { sizes: { g: queries.shape[1] } }),
  };
  const sums = remat((head: Head) => sumsOf(head, context));
  const { over, under } = scan((_: object, head: Head) => [{}, sums(head)], {}, heads).outputs;
  const mean = div(slot(0), select(greater(slot(1), 0), slot(1), 1));
  return map("gard,gar->agrd", mean, [over, under], { name: "attention" });
}

/**
 * Numerator Σ_c w_ac v_c, [time, repeats, d], and denominator Σ_c w_ac, [time, repeats], where w is
 * e^score relative to the largest score of the query.
 */
function sumsOf({ q, k, v, known }: Head, context: number): { over: Tensor; under: Tensor } {
  const distance = sub(add(index("a"), k.shape[0] - q.shape[0]), index("c"));
  const notLater = and(slot(1), greaterEqual(distance, 0));
  const seen = k.shape[0] > context ? and(notLater, less(distance, context)) : notLater;
  const product = mul(slot(0), slot(1));
  const all = map("ard,cd->arc", product, [q, k], { name: "scores" });
  const scores = map("arc,c->arc", select(seen, slot(0), -Infinity), [all, known], {
    name: "seen",
  });
  const top = max(stopGradient(scores), -1);
  const pivot = where(top.greater(-Infinity), top, 0);
  const weights = map("arc,ar->arc", exp(sub(slot(0), slot(1))), [scores, pivot], {
    name: "weights",
  });
  const over = map("arc,cd->ard", product, [weights, v], { name: "weighted sum" });
  return { over, under: weights.sum(-1) };
}
