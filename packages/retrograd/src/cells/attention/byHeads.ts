/**
 * Softmax attention head by head: what one head computes on the way is small enough to stay near,
 * and is computed again on the way back instead of being brought from far. Heads, and samples of a
 * batch, are turns of one loop that carries nothing.
 */
import { scan } from "../../loops/scanTree.ts";
import { concatenate } from "../../ops/concatenate.ts";
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { max } from "../../ops/reductions.ts";
import { swapAxes } from "../../ops/shape.ts";
import { part } from "../../ops/slicing.ts";
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

/** Queries of one piece: what lies after the last of them is not looked at. */
const PIECE = 64;

interface Sums {
  /** Numerator Σ_c w_ac v_c, [time, repeats, d]; w is e^score relative to the largest score. */
  readonly over: Tensor;
  /** Denominator Σ_c w_ac, [time, repeats]. */
  readonly under: Tensor;
}

/** The sums of one head, piece by piece. */
function sumsOf({ q, k, v, known }: Head, context: number): Sums {
  const [time] = q.shape;
  const past = k.shape[0] - time;
  const sums = Array.from({ length: Math.ceil(time / PIECE) }, (_, n) => {
    const from = n * PIECE;
    const count = Math.min(PIECE, time - from);
    const first = Math.max(0, past + from - context + 1);
    const near = (t: Tensor) => part(t, 0, first, past + from + count - first);
    const piece = { q: part(q, 0, from, count), k: near(k), v: near(v), known: near(known) };
    return sumsOfPiece(piece, past + from - first, context);
  });
  const joined = (name: keyof Sums) => concatenate(sums.map((s) => s[name]));
  return { over: joined("over"), under: joined("under") };
}

/** @param lead  how long after the first key the first query is */
function sumsOfPiece({ q, k, v, known }: Head, lead: number, context: number): Sums {
  const distance = sub(add(index("a"), lead), index("c"));
  const notLater = and(slot(1), greaterEqual(distance, 0));
  const seen = lead + q.shape[0] > context ? and(notLater, less(distance, context)) : notLater;
  const product = mul(slot(0), slot(1));
  const all = map("ard,cd->arc", product, [q, k], { name: "scores" });
  const body = select(seen, slot(0), -Infinity);
  const scores = map("arc,c->arc", body, [all, known], { name: "seen" });
  const top = max(stopGradient(scores), -1);
  const pivot = where(top.greater(-Infinity), top, 0);
  const weight = exp(sub(slot(0), slot(1)));
  const weights = map("arc,ar->arc", weight, [scores, pivot], { name: "weights" });
  const over = map("arc,cd->ard", product, [weights, v], { name: "weighted sum" });
  return { over, under: weights.sum(-1) };
}
