/** Gated DeltaNet: the delta rule in a memory that also fades. */
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import { deltaChunks, deltaStep, type Written } from "./delta.ts";
import { headSize, joined } from "./heads.ts";
import { keysOf } from "./keys.ts";

/**
 * The delta rule with a gate α that forgets: what is written under a key replaces what is left
 * there.
 *   q, k = l(silu(x Wq)), l(silu(x Wk))    v = silu(x Wv)    β = σ(x Wb + b)
 *   α = exp(−exp(logRate) softplus(x Wa + a))
 *   S' = α S + β k (v − α Sᵀk)ᵀ    h = S'ᵀq
 * for each head, with l(a) = a / √(|a|² + 10⁻⁶). What surrounds it in the paper (a short
 * convolution, an output norm and gate, a product with Wo) are layers of their own.
 *
 * Options: size; heads (4), which must divide size; chunk (16), the moments that the parallel form
 * takes together: longer ones cost more in their inverse than they save.
 * Shapes: W [input, 3, size] in the order q, k, v; Wb, Wa [input, heads]; b, a, logRate [heads];
 * state { S: [heads, d, d] } (key, value) with d = size/heads; output h [size]. At first heads
 * forget within 1.6 to 1,000 moments.
 * Source: Yang et al. 2024, arXiv:2412.06464 (the gated rule and its chunks); α as in Dao and Gu
 * 2024, arXiv:2405.21060.
 * Checked: a loop over numbers, forward; differences; the two forms against each other.
 */
export const gatedDeltaNet = cell({
  name: "gatedDeltaNet",
  options: { heads: 4 as number, chunk: 16 as number },
  params: ({ input, size, heads, chunk }, init) => {
    headSize("gatedDeltaNet", size, heads);
    wholeNumber("gatedDeltaNet: chunk", chunk);
    /** From 0 to 1 over the heads. */
    const place = (head: number) => (heads > 1 ? head / (heads - 1) : 0);
    const softplusInverse = (y: number) => Math.log(Math.expm1(y));
    return {
      W: init.glorot([input, 3, size]),
      Wb: init.glorot([input, heads]),
      b: init.zeros([heads]),
      Wa: init.glorot([input, heads]),
      a: init.values([heads], ([head]) => softplusInverse(0.001 * 100 ** place(head))),
      logRate: init.values([heads], ([head]) => Math.log(1 + 5 * place(head))),
    };
  },
  state: ({ size, heads }) => {
    const d = headSize("gatedDeltaNet", size, heads);
    return { S: [heads, d, d] };
  },
  step({ S }, x, params, { heads }) {
    const next = deltaStep(S, writtenOf(x, params, heads));
    return { state: { S: next.S }, output: joined(next.answer) };
  },
  parallel({ S }, xs, params, { heads, chunk, valid }) {
    const last = deltaChunks(S, writtenOf(xs, params, heads), chunk, valid);
    return { state: { S: last.S }, outputs: joined(last.answers) };
  },
  prefer: "parallel",
});

type Params = Record<"W" | "Wb" | "b" | "Wa" | "a" | "logRate", Tensor>;

const writtenOf = (x: Tensor, params: Params, heads: number): Written => {
  const { Wa, a, logRate } = params;
  const keep = x.dot(Wa).add(a).softplus().mul(logRate.exp()).neg();
  return { ...keysOf(x, params, heads), keep };
};
