/**
 * Softmax attention over blocks of queries and keys: scores exist for one block of keys at a time,
 * so memory grows with the length of the sequence and not with its square.
 *
 * The largest score of each query is found first, in a walk of its own through which no gradient
 * passes. Given that, numerator and denominator of the softmax are plain sums over blocks, so the
 * way back needs none of the sums on the way, only the scores, which it computes again.
 */
import { scan } from "../../loops/scanTree.ts";
import { arange, zeros } from "../../ops/creation.ts";
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { pad, part } from "../../ops/slicing.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import { take } from "../../ops/take.ts";
import {
  add,
  and,
  div,
  type Expr,
  exp,
  greater,
  greaterEqual,
  index,
  less,
  max,
  mul,
  select,
  slot,
  sub,
} from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { remat } from "../../transform/remat.ts";
import type { Attended } from "./attend.ts";

/**
 * @param queries  [time, heads, repeats, d], scaled
 * @param block    moments of a block of keys, and of one of queries
 * @returns        [time, heads, repeats, d]
 * Checked: plain loops over all pairs; memory in proportion to time.
 */
export function byBlocks(
  queries: Tensor,
  attended: Attended,
  context: number,
  block: number,
): Tensor {
  const [time] = queries.shape;
  const past = attended.keys.shape[0] - time;
  const plan = planOf(time, past, context, block);
  const { asking, asked, blocks, before } = plan;
  const behind = blocks * asking - time;
  const front = (before + blocks) * asked - (past + time + behind);
  const cut = (t: Tensor, size: number, widths: readonly [number, number]): Tensor => {
    const rest = t.shape.slice(1);
    return pad(t, [widths, ...rest.map(() => [0, 0] as const)]).reshape([-1, size, ...rest]);
  };
  const walk: Walk = {
    q: cut(queries, asking, [0, behind]),
    k: cut(attended.keys, asked, [front, behind]),
    v: cut(attended.values, asked, [front, behind]),
    known: cut(attended.known, asked, [front, behind]),
  };
  const top = largestScores(stopGradient(walk), plan);
  const { over, under } = sums(walk, where(top.greater(-Infinity), top, 0), plan);
  const mean = div(slot(0), select(greater(slot(1), 0), slot(1), 1));
  const out = map("nagrd,ngra->nagrd", mean, [over, under], { name: "attention" });
  return part(out.reshape([blocks * asking, ...queries.shape.slice(1)]), 0, 0, time);
}

interface Blocks {
  readonly context: number;
  /** Queries in a block, and keys: as many, but where one block holds all queries. */
  readonly asking: number;
  readonly asked: number;
  /** Blocks of queries, and blocks of keys before the first of them. */
  readonly blocks: number;
  readonly before: number;
  /** How many blocks back the furthest key lies that is seen. */
  readonly furthest: number;
}

function planOf(time: number, past: number, context: number, block: number): Blocks {
  const blocks = Math.max(1, Math.ceil(time / block));
  const asking = Math.min(time, block);
  const asked = blocks > 1 ? block : Math.min(block, past + time);
  const before = Math.ceil((past + blocks * asking) / asked) - blocks;
  const furthest = Math.min(Math.ceil((context - 1) / asked), before + blocks - 1);
  return { context, asking, asked, blocks, before, furthest };
}

/** Queries [n, a, g, r, d], keys and values [m, c, g, d] and whether they are known [m, c]. */
interface Walk {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly known: Tensor;
}

/** The blocks of keys that lie `lag` blocks before those of the queries. */
const atLag = (t: Tensor, lag: Tensor, { before, blocks }: Blocks): Tensor =>
  take(t, arange(before, before + blocks, 1, { dtype: "int32" }).sub(lag));

const lagsOf = ({ furthest }: Blocks): Tensor => arange(0, furthest + 1, 1, { dtype: "int32" });

const scoresOf = ({ q, k }: Walk, lag: Tensor, plan: Blocks): Tensor =>
  map("nagrd,ncgd->ngrac", mul(slot(0), slot(1)), [q, atLag(k, lag, plan)], { name: "scores" });

/** Whether query a of block n sees key c of the block that lies `lag` blocks before. */
function sees(known: Expr, lag: Expr, { context, asking, asked, before }: Blocks): Expr {
  const within = sub(add(index("a"), asked - asking), index("c"));
  const distance = add(mul(lag, asked), within);
  const inWindow = and(greaterEqual(distance, 0), less(distance, context));
  // Before the first block there is none, and taking it gives the first one again.
  return and(and(known, greaterEqual(add(index("n"), before), lag)), inWindow);
}

/** The largest score of each query, [n, g, r, a]; −∞ where it sees nothing. */
function largestScores(given: Walk, plan: Blocks): Tensor {
  const step = remat((most: Tensor, lag: Tensor, walk: Walk) => {
    const seen = select(sees(slot(1), slot(2), plan), slot(0), -Infinity);
    const args = [scoresOf(walk, lag, plan), atLag(walk.known, lag, plan), lag];
    const here = map("ngrac,nc,->ngra", seen, args, { reduce: "max", name: "largest score" });
    return map("ngra,ngra->ngra", max(slot(0), slot(1)), [most, here], { name: "largest score" });
  });
  const first = zeros(rowsOf(given.q, plan), { dtype: given.q.dtype }).sub(Infinity);
  return scan(
    (most: Tensor, lag: Tensor, walk: Walk) => [step(most, lag, walk)],
    first,
    lagsOf(plan),
    given,
  ).state;
}

interface Sums {
  /** Σ e^(score − pivot) v, [n, a, g, r, d] */
  readonly over: Tensor;
  /** Σ e^(score − pivot), [n, g, r, a] */
  readonly under: Tensor;
}

function sums(given: Walk, top: Tensor, plan: Blocks): Sums {
  const step = remat((lag: Tensor, pivot: Tensor, walk: Walk): Sums => {
    const args = [scoresOf(walk, lag, plan), pivot, atLag(walk.known, lag, plan), lag];
    // The choice comes before e^x: what is not seen may be large, and ∞ · 0 is no gradient.
    const weight = exp(select(sees(slot(2), slot(3), plan), sub(slot(0), slot(1)), -Infinity));
    const weights = map("ngrac,ngra,nc,->ngrac", weight, args, { name: "weights" });
    const v = atLag(walk.v, lag, plan);
    return {
      over: map("ngrac,ncgd->nagrd", mul(slot(0), slot(1)), [weights, v], { name: "weighted sum" }),
      under: weights.sum(-1),
    };
  });
  const dtype = given.q.dtype;
  const first: Sums = {
    over: zeros(given.q.shape, { dtype }),
    under: zeros(rowsOf(given.q, plan), { dtype }),
  };
  return scan(
    (so: Sums, lag: Tensor, { pivot, walk }: { pivot: Tensor; walk: Walk }) => {
      const { over, under } = step(lag, pivot, walk);
      return [{ over: so.over.add(over), under: so.under.add(under) }];
    },
    first,
    lagsOf(plan),
    { pivot: top, walk: given },
  ).state;
}

const rowsOf = ({ shape: [, , heads, repeats] }: Tensor, { blocks, asking }: Blocks) => [
  ...[blocks, heads, repeats, asking],
];
