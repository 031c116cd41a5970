/**
 * The generalised delta rule of RWKV-7: every feature of the keys decays on its own, and what is
 * taken away has keys of its own.
 *
 *   S' = diag(w) S + p cᵀ + k vᵀ    c = −Sᵀκ    y = S'ᵀr
 *
 * Within a chunk that begins with S, with e_t = Π_{s≤t} w_s for each feature, all c solve
 *   c_t + Σ_{s<t} A_ts c_s = −Sᵀκ̄_t − Σ_{s<t} B_ts v_s
 *   A_ts = κ̄_t·(p_s/e_s)    B_ts = κ̄_t·(k_s/e_s)    κ̄_t = κ_t ∘ e_t₋₁
 *   y_t = Sᵀr̄_t + Σ_{s≤t} (r̄_t·(p_s/e_s)) c_s + (r̄_t·(k_s/e_s)) v_s    r̄_t = r_t ∘ e_t
 * A decay is at least exp(−e^−½), so 1/e stays below 20,000 in a chunk.
 */
import { scan } from "../../loops/scanTree.ts";
import { map } from "../../ops/map.ts";
import { index, less, lessEqual, mul, select, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inChunks, outOfChunks, whereValid } from "./chunks.ts";
import { beside, pair, recall } from "./heads.ts";
import { unitLowerInverse } from "./triangular.ts";

/** What one moment, or every moment, says: [..., heads, d]. */
export interface Said {
  readonly r: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** log w. */
  readonly keep: Tensor;
  /** κ: the key that is asked for what is to be taken away. */
  readonly ask: Tensor;
  /** p: where it is taken away. */
  readonly remove: Tensor;
}

/** One moment: S [heads, key, value] → the next S, and the answer [heads, value]. */
export function generalDeltaStep(S: Tensor, { r, k, v, keep, ask, remove }: Said) {
  const taken = pair(remove, recall(S, ask));
  const next = beside(keep.exp()).mul(S).sub(taken).add(pair(k, v));
  return { S: next, answer: recall(next, r) };
}

/** Moments of a chunk: longer ones cost more in their inverse than they save. */
const CHUNK = 16;

/**
 * All moments, chunk by chunk.
 * @returns  S after the last valid moment; answers [time, heads, value]
 */
export function generalDeltaChunks(S: Tensor, said: Said, valid?: Tensor) {
  const [time] = said.r.shape;
  const length = Math.min(CHUNK, time);
  const held = ["k", "keep", "remove"];
  const chunks = Object.fromEntries(
    Object.entries(said).map(([name, t]: [string, Tensor]) => [
      name,
      inChunks(held.includes(name) ? whereValid(valid, t, 0) : t, length),
    ]),
  ) as unknown as Said;
  const ran = scan(wholeChunk, { S }, chunks);
  return { S: ran.state.S, answers: outOfChunks(ran.outputs, time) };
}

const product = mul(slot(0), slot(1));

/** All [length, heads, d]. */
function wholeChunk({ S }: { S: Tensor }, { r, k, v, keep, ask, remove }: Said) {
  const sums = map("shk->thk", select(lessEqual(index("s"), index("t")), slot(0), 0), [keep], {
    sizes: { t: keep.shape[0] },
    name: "running sums",
  });
  const scores = (a: Tensor, b: Tensor, strictly = false) => {
    const all = map("thk,shk->hts", product, [a, b], { name: "scores" });
    const earlier = (strictly ? less : lessEqual)(index("s"), index("t"));
    return map("hts->hts", select(earlier, slot(0), 0), [all], { name: "past" });
  };
  const over = (weights: Tensor, x: Tensor) =>
    map("hts,shv->thv", product, [weights, x], { name: "over" });
  const from = (x: Tensor) => map("thk,hkv->thv", product, [x, S], { name: "old" });

  const grown = sums.neg().exp();
  const [removed, written] = [remove.mul(grown), k.mul(grown)];
  const asked = ask.mul(sums.sub(keep).exp());
  const read = r.mul(sums.exp());
  const inverse = unitLowerInverse(scores(asked, removed));
  const c = over(inverse, from(asked).add(over(scores(asked, written, true), v))).neg();
  const answer = over(scores(read, removed), c).add(over(scores(read, written), v));

  const end = sums.slice(sums.shape[0] - 1);
  const left = end.sub(sums).exp();
  const add = (key: Tensor, value: Tensor) =>
    map("shk,shv->hkv", product, [key.mul(left), value], { name: "written" });
  const next = beside(end.exp()).mul(S).add(add(remove, c)).add(add(k, v));
  return { state: { S: next }, output: from(read).add(answer) };
}
