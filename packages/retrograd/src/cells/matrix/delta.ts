/**
 * The delta rule: before a value is written under a key, what the memory answers to that key is
 * taken away, so that a key has one value. One moment, and whole chunks.
 *
 *   S' = α S + k uᵀ    u = β (v − α Sᵀk)    o = S'ᵀq
 *
 * Within a chunk that begins with S, with γ_t = Π_{s≤t} α_s, all u are the solution of
 *   u_t + Σ_{s<t} A_ts u_s = β_t (v_t − γ_t Sᵀk_t)    A_ts = β_t (γ_t/γ_s) k_t·k_s
 * and then o_t = γ_t Sᵀq_t + Σ_{s≤t} (γ_t/γ_s) (q_t·k_s) u_s. The inverse of 1 + A, and its
 * products with β v and β γ k (the WY representation), need no S: they are known for all chunks at
 * once.
 */
import { scan } from "../../loops/scanTree.ts";
import { map } from "../../ops/map.ts";
import { index, lessEqual, mul, select, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inChunks, logLeft, outOfChunks, runningSums, whereValid } from "./chunks.ts";
import { beside, pair, recall } from "./heads.ts";
import { unitLowerInverse } from "./triangular.ts";

/** What one moment, or every moment, writes and asks: [..., heads, d], and numbers [..., heads]. */
export interface Written {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** β: how much of the old value is replaced. */
  readonly rate: Tensor;
  /** log α; nothing decays without it. */
  readonly keep?: Tensor;
}

/** One moment: S [heads, key, value] → the next S, and the answer [heads, value]. */
export function deltaStep(S: Tensor, { q, k, v, rate, keep }: Written) {
  const old = keep ? S.mul(beside(keep.exp(), 2)) : S;
  const u = beside(rate).mul(v.sub(recall(old, k)));
  const next = old.add(pair(k, u));
  return { S: next, answer: recall(next, q) };
}

/**
 * All moments, chunk by chunk.
 * @param S        [heads, key, value], before the first moment
 * @param written  [time, heads, …]
 * @param chunk    moments that are taken together
 * @returns        S after the last valid moment; answers [time, heads, value], zero where invalid
 */
export function deltaChunks(S: Tensor, written: Written, chunk: number, valid?: Tensor) {
  const [time] = written.q.shape;
  const length = Math.min(chunk, time);
  const { rate, keep, ...asked } = written;
  const series = {
    ...asked,
    rate: whereValid(valid, rate, 0),
    ...(keep && { keep: whereValid(valid, keep, 0) }),
  };
  const chunks = Object.fromEntries(
    Object.entries(series).map(([name, t]) => [name, inChunks(t, length)]),
  ) as unknown as Written;
  const ran = scan(wholeChunk, { S }, chunks);
  const answers = whereValid(valid, outOfChunks(ran.outputs, time), 0);
  return { S: ran.state.S, answers };
}

const product = mul(slot(0), slot(1));

/** q, k, v [length, heads, d]; rate, keep [length, heads]. */
function wholeChunk({ S }: { S: Tensor }, { q, k, v, rate, keep }: Written) {
  const sums = keep && runningSums(keep);
  const decayed = (x: Tensor) => (sums ? x.mul(beside(sums.exp())) : x);
  /** Products of all moments with those up to them, less what has decayed in between. */
  const past = (a: Tensor, b: Tensor) => {
    const all = map("thk,shk->hts", product, [a, b], { name: "scores" });
    if (sums) return all.mul(logLeft(sums).exp());
    const earlier = select(lessEqual(index("s"), index("t")), slot(0), 0);
    return map("hts->hts", earlier, [all], { name: "past" });
  };
  const replaced = k.mul(beside(rate));
  const inverse = unitLowerInverse(past(replaced, k));
  const solved = (x: Tensor) => map("hts,shd->thd", product, [inverse, x], { name: "solved" });
  const old = map("thk,hkv->thv", product, [solved(decayed(replaced)), S], { name: "old" });
  const u = solved(v.mul(beside(rate))).sub(old);
  const answer = map("hts,shv->thv", product, [past(q, k), u], { name: "new" });
  const before = map("thk,hkv->thv", product, [decayed(q), S], { name: "before" });
  return { state: { S: after(S, k, u, sums) }, output: answer.add(before) };
}

/** γ S + Σ_s (γ/γ_s) k_s u_sᵀ, with the γ of the end of the chunk. */
function after(S: Tensor, k: Tensor, u: Tensor, sums: Tensor | undefined): Tensor {
  const write = (key: Tensor) => map("shk,shv->hkv", product, [key, u], { name: "written" });
  if (!sums) return S.add(write(k));
  const end = sums.slice(sums.shape[0] - 1);
  return S.mul(beside(end.exp(), 2)).add(write(k.mul(beside(end.sub(sums).exp()))));
}
