/** DeltaNet: a memory of pairs in which a key has one value. */
import { cell, wholeNumber } from "../cell.ts";
import { deltaChunks, deltaStep } from "./delta.ts";
import { headSize, joined } from "./heads.ts";
import { keysOf } from "./keys.ts";

/**
 * Linear attention with the delta rule: what is written under a key replaces what was there.
 *   q, k = l(silu(x Wq)), l(silu(x Wk))    v = silu(x Wv)    β = σ(x Wb + b)
 *   S' = S + β k (v − Sᵀk)ᵀ    h = S'ᵀq
 * for each head, with l(a) = a / √(|a|² + 10⁻⁶). What surrounds it in the paper (a short
 * convolution, a norm, a product with Wo) are layers of their own.
 *
 * Options: size; heads (4), which must divide size; chunk (16), the moments that the parallel form
 * takes together: longer ones cost more in their inverse than they save.
 * Shapes: W [input, 3, size] in the order q, k, v; Wb [input, heads], b [heads]; state { S: [heads,
 * d, d] } (key, value) with d = size/heads; output h [size].
 * Source: Schlag et al. 2021, arXiv:2102.11174; Yang et al. 2024, arXiv:2406.06484 (the WY
 * representation and the chunks).
 * Checked: a loop over numbers, forward; differences; the two forms against each other.
 */
export const deltaNet = cell({
  name: "deltaNet",
  options: { heads: 4 as number, chunk: 16 as number },
  params: ({ input, size, heads, chunk }, init) => {
    headSize("deltaNet", size, heads);
    wholeNumber("deltaNet: chunk", chunk);
    return {
      W: init.glorot([input, 3, size]),
      Wb: init.glorot([input, heads]),
      b: init.zeros([heads]),
    };
  },
  state: ({ size, heads }) => {
    const d = headSize("deltaNet", size, heads);
    return { S: [heads, d, d] };
  },
  step({ S }, x, params, { heads }) {
    const next = deltaStep(S, keysOf(x, params, heads));
    return { state: { S: next.S }, output: joined(next.answer) };
  },
  parallel({ S }, xs, params, { heads, chunk, valid }) {
    const last = deltaChunks(S, keysOf(xs, params, heads), chunk, valid);
    return { state: { S: last.S }, outputs: joined(last.answers) };
  },
  prefer: "parallel",
});
