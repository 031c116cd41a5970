/**
 * RWKV-7: a matrix memory with a decay for each feature of its keys, one key by which old values
 * are removed, and another under which new ones are written.
 */
import { fail } from "../../errors/layers.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import { whereValid } from "./chunks.ts";
import { generalDeltaChunks, generalDeltaStep, type Said } from "./generalDelta.ts";
import { beside, headSize, inHeads, inner, inverseRoot, joined, unit } from "./heads.ts";
import { lastMoments } from "./lastMoment.ts";

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
 * Checked: a loop over numbers, forward; differences, every gradient; the two forms against each
 * other.
 */
export const rwkv7 = cell({
  name: "rwkv7",
  options: { heads: 4 as number, rank: undefined as number | undefined },
  params: ({ input, size, heads, rank = Math.ceil(1.8 * Math.sqrt(size)) }, init) => {
    checkWidth(size, headSize("rwkv7", size, heads));
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
    const { gate, ...said } = read(x, last, params, heads);
    const next = generalDeltaStep(S, said);
    return { state: { x, S: next.S }, output: told(next.answer, said, gate, params, heads) };
  },
  parallel({ x: first, S }, xs, params, { heads, valid }) {
    const { before, last } = lastMoments(first, xs, valid);
    const { gate, ...said } = read(xs, before, params, heads);
    const ran = generalDeltaChunks(S, said, valid);
    const outputs = told(ran.answers, said, gate, params, heads);
    return { state: { x: last, S: ran.S }, outputs: whereValid(valid, outputs, 0) };
  },
  prefer: "parallel",
});

/** How much of the last moment the first features of r, k, v, w, a, g begin with. */
const MIXED = [0.2, 0.7, 0.7, 0.9, 0.9, 0.2];

type Name = "mix" | "W" | "A" | "B" | "b" | "removal" | "replacement" | "bonus";
type Params = Record<Name | "scale" | "shift" | "Wo", Tensor>;

/**
 * What a moment x [input] says after the last one, or every moment [time, input] after the one
 * before it; and the gate g [..., size].
 */
function read(x: Tensor, last: Tensor, params: Params, heads: number): Said & { gate: Tensor } {
  const { mix, W, A, B, b, removal, replacement } = params;
  const [xr, xk, xv, xw, xa, xg] = MIXED.map((_, of) => x.add(last.sub(x).mul(mix.slice(of))));
  const of = (M: Tensor, at: number) => M.slice(null, at);
  const plainK = xk.dot(of(W, 1));
  const decay = xw.dot(of(A, 0)).tanh().dot(of(B, 0)).add(b.slice(0)).logistic();
  const rate = xa.dot(of(A, 1)).dot(of(B, 1)).add(b.slice(1)).logistic();
  const ask = unit(inHeads(plainK.mul(removal), heads));
  return {
    r: inHeads(xr.dot(of(W, 0)), heads),
    k: inHeads(plainK.mul(rate.sub(1).mul(replacement).add(1)), heads),
    v: inHeads(xv.dot(of(W, 2)), heads),
    keep: inHeads(decay.mul(-Math.exp(-0.5)), heads),
    ask,
    remove: inHeads(rate, heads).mul(ask),
    gate: xg.dot(of(A, 2)).logistic().dot(of(B, 2)),
  };
}

/** What is said for what the memory answers [..., heads, d]. */
function told(answer: Tensor, { r, k, v }: Said, gate: Tensor, params: Params, heads: number) {
  const { scale, shift, bonus, Wo } = params;
  const own = beside(inner(r, inHeads(bonus, heads).mul(k))).mul(v);
  const y = joined(normalised(answer)).mul(scale).add(shift);
  return gate.mul(y.add(joined(own))).dot(Wo);
}

const LEAST_VARIANCE = 64e-5;

/** Each head with mean 0 and variance 1. */
function normalised(x: Tensor): Tensor {
  const centred = x.sub(x.mean(-1, { keepDims: true }));
  const variance = centred.square().mean(-1, { keepDims: true });
  return centred.mul(inverseRoot(variance, LEAST_VARIANCE));
}

/** What a head answers is normalised over its units: of one alone, nothing would be left. */
function checkWidth(size: number, width: number): void {
  if (width === 1)
    fail("bad-argument", {
      where: "rwkv7: heads",
      given: `${size} for ${size} units, one each`,
      expected: "heads of at least 2 units, as their answers are normalised",
    });
}
