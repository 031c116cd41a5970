/**
 * mLSTM: an LSTM whose cell is a matrix, written with pairs of key and value and asked with a
 * query. Nothing it writes depends on what it has said before, so all moments can be taken at once.
 */
import { oneOf } from "../../errors.ts";
import { scan } from "../../loops/scanTree.ts";
import { map } from "../../ops/map.ts";
import { exp, mul, slot, sub } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import { inChunks, logLeft, outOfChunks, runningSums, whereValid } from "./chunks.ts";
import { beside, headSize, inHeads, inner, joined, pair, recall } from "./heads.ts";
import { forgetBias, logForget } from "./sLstm.ts";

/**
 * LSTM with a matrix memory, for each head:
 *   q = x Wq + bq    k = (x Wk + bk) / √d    v = x Wv + bv    o = σ(x Wo + bo)
 *   i = exp(ĩ)    f = exp(f̃) or σ(f̃)    with ĩ, f̃ = x Wg + bg, one number for each head
 *   C' = f C + i k vᵀ    n' = f n + i k    h = o ∘ C'ᵀq / max(|n'·q|, 1)
 * d is the size of a head. Exponentials are kept in range by a state m, which cancels; C and n
 * hold what is above, times e^−m:  m' = max(log f + m, ĩ).
 *
 * Over all moments at once, within chunks, with F_t = Σ_{s≤t} log f_s:
 *   D_ts = F_t − F_s + ĩ_s for s ≤ t    m_t = max(F_t + m, max_s D_ts)
 *   h_t = o_t ∘ (Σ_s w_ts v_s + g_t Cᵀq_t) / max(|Σ_s w_ts + g_t n·q_t|, e^−m_t)
 *   w_ts = exp(D_ts − m_t) q_t·k_s    g_t = exp(F_t + m − m_t)
 *
 * Options: size; heads (4), which must divide size; forget "logistic" (default) or "exponential";
 * chunk, the moments that the parallel form takes together (as many as a head has units, 16 to 64).
 * Shapes: W [input, 4, size] and b [4, size] in the order q, k, v, o; Wg [input, 2, heads] and bg
 * [2, heads] in the order ĩ, f̃; state { C: [heads, d, d] (key, value), n: [heads, d], m: [heads]
 * }; output h [size].
 * Source: Beck et al. 2024, arXiv:2405.04517, eq. 19–27; over all moments: appendix A.3, in chunks.
 * Checked: a loop over numbers without m, forward; differences; the two forms against each other.
 */
export const mLstm = cell({
  name: "mLstm",
  options: {
    heads: 4 as number,
    forget: "logistic" as "logistic" | "exponential",
    chunk: undefined as number | undefined,
  },
  params: ({ input, size, heads, forget, chunk }, init) => {
    headSize("mLstm", size, heads);
    oneOf("mLstm: forget", forget, ["logistic", "exponential"]);
    if (chunk !== undefined) wholeNumber("mLstm: chunk", chunk);
    return {
      W: init.glorot([input, 4, size]),
      b: init.zeros([4, size]),
      Wg: init.zeros([input, 2, heads]),
      bg: init.values([2, heads], ([gate, head]) =>
        gate === 1 && forget === "logistic" ? forgetBias(head, heads) : 0,
      ),
    };
  },
  state: ({ size, heads }) => {
    const d = headSize("mLstm", size, heads);
    return { C: [heads, d, d], n: [heads, d], m: [heads] };
  },
  step({ C, n, m }, x, params, { heads, forget }) {
    const { q, k, v, o, enter, keep } = read(x, params, heads, forget);
    const nextM = keep.add(m).maximum(enter);
    const f = keep.add(m).sub(nextM).exp();
    const i = enter.sub(nextM).exp();
    const nextC = beside(f, 2)
      .mul(C)
      .add(pair(k.mul(beside(i)), v));
    const nextN = beside(f).mul(n).add(beside(i).mul(k));
    const weight = inner(nextN, q).abs().maximum(nextM.neg().exp());
    const output = o.mul(joined(recall(nextC, q).div(beside(weight))));
    return { state: { C: nextC, n: nextN, m: nextM }, output };
  },
  parallel(state, xs, params, { size, heads, forget, chunk, valid }) {
    const [time] = xs.shape;
    const length = Math.min(chunk ?? usualChunk(size / heads), time);
    const { o, enter, keep, ...asked } = read(xs, params, heads, forget);
    const series = {
      ...asked,
      enter: whereValid(valid, enter, -Infinity),
      keep: whereValid(valid, keep, 0),
    };
    const chunks = Object.fromEntries(
      Object.entries(series).map(([name, t]) => [
        name,
        inChunks(t, length, name === "enter" ? -Infinity : 0),
      ]),
    ) as typeof series;
    const ran = scan(wholeChunk, state, chunks);
    const h = o.mul(joined(outOfChunks(ran.outputs, time)));
    return { state: ran.state, outputs: whereValid(valid, h, 0) };
  },
  prefer: "parallel",
});

/** Moments among themselves should cost about what the matrix does. */
const usualChunk = (headSize: number): number => Math.min(64, Math.max(16, headSize));

/** What a moment, or every moment, says: [..., heads, d]; o [..., size]; logarithms of gates. */
function read(
  x: Tensor,
  { W, b, Wg, bg }: Record<"W" | "b" | "Wg" | "bg", Tensor>,
  heads: number,
  forget: "logistic" | "exponential",
) {
  const gate = (a: Tensor, at: number) => a.slice(...Array<null>(a.rank - 2).fill(null), at);
  const parts = x.dot(W).add(b);
  const [q, k, v] = [0, 1, 2].map((at) => inHeads(gate(parts, at), heads));
  const gates = x.dot(Wg).add(bg);
  const d = k.shape[k.rank - 1];
  return {
    ...{ q, k: k.mul(1 / Math.sqrt(d)), v, o: gate(parts, 3).logistic() },
    enter: gate(gates, 0),
    keep: logForget(forget, gate(gates, 1)),
  };
}

interface Memory {
  C: Tensor;
  n: Tensor;
  m: Tensor;
}
type Asked = Record<"q" | "k" | "v" | "enter" | "keep", Tensor>;

/** All moments of a chunk: q, k, v [length, heads, d], gates [length, heads]. */
function wholeChunk({ C, n, m }: Memory, { q, k, v, enter, keep }: Asked) {
  const last = q.shape[0] - 1;
  const product = mul(slot(0), slot(1));
  const sums = runningSums(keep);
  const left = logLeft(sums, enter);
  const before = sums.add(m);
  const top = map("hts->th", slot(0), [left], { reduce: "max", name: "top" }).maximum(before);
  const scores = map("thk,shk->hts", product, [q, k], { name: "scores" });
  const weights = map(
    "hts,th,hts->hts",
    mul(exp(sub(slot(0), slot(1))), slot(2)),
    [left, top, scores],
    { name: "weights" },
  );
  const carried = before.sub(top).exp();
  const own = map("hts,shv->thv", product, [weights, v], { name: "own" });
  const old = map("thk,hkv->thv", product, [q, C], { name: "old" });
  const total = own.add(beside(carried).mul(old));
  const oldWeight = map("thk,hk->th", product, [q, n]);
  const weight = weights.sum(-1).transpose().add(carried.mul(oldWeight));
  const output = total.div(beside(weight.abs().maximum(top.neg().exp())));

  const end = (t: Tensor): Tensor => t.slice(last);
  const nextM = end(top);
  const entering = end(sums).sub(sums).add(enter).sub(nextM).exp();
  const written = k.mul(beside(entering));
  const f = end(before).sub(nextM).exp();
  const nextC = beside(f, 2)
    .mul(C)
    .add(map("shk,shv->hkv", product, [written, v], { name: "written" }));
  return {
    state: { C: nextC, n: beside(f).mul(n).add(written.sum(0)), m: nextM },
    output,
  };
}
