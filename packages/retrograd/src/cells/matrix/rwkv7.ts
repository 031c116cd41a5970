/**
 * RWKV-7: a matrix memory with a decay for each feature of its keys, one key by which old values
 * are removed, and another under which new ones are written.
 */
import { map } from "../../ops/map.ts";
import { mul, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import { beside, headSize, inHeads, inner, joined, pair, recall, unit } from "./heads.ts";

/**
 * The time mixing of RWKV-7. Each projection reads a mixture of this moment and the last one,
 *   x_□ = x + (x₋ − x) ∘ μ_□    for □ of r, k, v, w, a, g
 *   r, k, v = x_r Wr, x_k Wk, x_v Wv          g = σ(x_g Ag) Bg
 *   w = exp(−e^−½ σ(tanh(x_w Aw) Bw + bw))    a = σ(x_a Aa Ba + ba)
 *   κ = l(k ∘ ξ)    k̃ = k ∘ (1 + (a − 1) ∘ α)
 * and then for each head, with l(κ) = κ / √(|κ|² + 10⁻⁶),
 *   S' = diag(w) S − (a ∘ κ)(κᵀS) + k̃ vᵀ
 *   y = norm(S'ᵀr) ∘ scale + shift + (r·(ρ ∘ k̃)) v    h = (g ∘ y) Wo
 * In the paper, layers after the first also mix their values with those of the first; a cell on its
 * own has no first layer and does without.
 *
 * Options: size; heads (4), which must divide size; rank of the products A B (1.8 √size).
 * Shapes: mix μ [6, input] in the order r, k, v, w, a, g; W [input, 3, size] in the order r, k, v;
 * A [input, 3, rank], B [rank, 3, size] in the order w, a, g; b [2, size]: bw, ba; removal ξ,
 * replacement α, bonus ρ, scale, shift [size]; Wo [size, size]; state { x: [input], S: [heads, d,
 * d] } (key, value) with d = size/heads; output h [size].
 * Source: Peng et al. 2025, arXiv:2503.14456, section 4 (time mixing) and its appendix on
 * initialisation.
 * Checked: a loop over numbers, forward; differences, every gradient.
 */
export const rwkv7 = cell({
  name: "rwkv7",
  options: { heads: 4 as number, rank: undefined as number | undefined },
  params: ({ input, size, heads, rank = Math.ceil(1.8 * Math.sqrt(size)) }, init) => {
    headSize("rwkv7", size, heads);
    wholeNumber("rwkv7: rank", rank);
    return {
      mix: init.values([6, input], ([of, at]) => 1 - (at / input) ** MIXED[of]),
      W: init.glorot([input, 3, size]),
      A: init.zeros([input, 3, rank]),
      B: init.orthogonal([rank, 3, size], 0.1),
      // Memory from a moment or two to a thousand.
      b: init.values([2, size], ([of, at]) => (of === 0 ? 5 * (at / size) ** 0.85 - 6.5 : 0)),
      removal: init.values([size], () => 0.7),
      replacement: init.ones([size]),
      bonus: init.zeros([size]),
      scale: init.ones([size]),
      shift: init.zeros([size]),
      Wo: init.glorot([size, size]),
    };
  },
  state: ({ input, size, heads }) => {
    const d = headSize("rwkv7", size, heads);
    return { x: [input], S: [heads, d, d] };
  },
  step({ x: last, S }, x, params, { heads }) {
    const { r, k, v, keep, remove, rate, gate } = read(x, last, params, heads);
    const old = recall(S, remove);
    const nextS = beside(keep)
      .mul(S)
      .sub(pair(rate.mul(remove), old))
      .add(pair(k, v));
    const bonus = inner(r, inHeads(params.bonus, heads).mul(k));
    const y = joined(normalised(recall(nextS, r)))
      .mul(params.scale)
      .add(params.shift);
    const output = gate.mul(y.add(joined(beside(bonus).mul(v)))).dot(params.Wo);
    return { state: { x, S: nextS }, output };
  },
});

/** How much of the last moment the first features of r, k, v, w, a, g begin with. */
const MIXED = [0.2, 0.7, 0.7, 0.9, 0.9, 0.2];

interface Params extends Record<"mix" | "W" | "A" | "B" | "b", Tensor> {
  removal: Tensor;
  replacement: Tensor;
}

/** What a moment says: r, k̃, v, w, κ and a in heads, and g [size]. */
function read(x: Tensor, last: Tensor, params: Params, heads: number) {
  const { mix, W, A, B, b, removal, replacement } = params;
  const mixed = x.add(last.sub(x).mul(mix));
  const each = (from: number, M: Tensor) =>
    map("gi,igj->gj", mul(slot(0), slot(1)), [mixed.slice([from, from + 3]), M], { name: "dot" });
  const [r, plainK, v] = [0, 1, 2].map((of) => each(0, W).slice(of));
  const [w, a, g] = [0, 1, 2].map((of) => each(3, A).slice(of));
  const wide = (of: number, low: Tensor) => low.dot(B.slice(null, of));
  const decay = wide(0, w.tanh()).add(b.slice(0)).logistic();
  const rate = wide(1, a).add(b.slice(1)).logistic();
  const k = plainK.mul(rate.sub(1).mul(replacement).add(1));
  const parts = { r, k, v, rate, keep: decay.mul(-Math.exp(-0.5)).exp() };
  const ofHeads = Object.entries(parts).map(([name, t]) => [name, inHeads(t, heads)]);
  return {
    ...(Object.fromEntries(ofHeads) as typeof parts),
    remove: unit(inHeads(plainK.mul(removal), heads)),
    gate: wide(2, g.logistic()),
  };
}

const LEAST_VARIANCE = 64e-5;

/** Each head with mean 0 and variance 1. */
function normalised(x: Tensor): Tensor {
  const centred = x.sub(x.mean(-1, { keepDims: true }));
  const variance = centred.square().mean(-1, { keepDims: true });
  return centred.div(variance.add(LEAST_VARIANCE).sqrt());
}
