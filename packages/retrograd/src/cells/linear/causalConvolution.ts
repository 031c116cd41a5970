/**
 * A convolution over the last few inputs, each feature for itself. The inputs that are still
 * needed are its state, so that it runs step by step as well.
 */

import { scan } from "../../loops/scanTree.ts";
import { concatenate } from "../../ops/concatenate.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import type { Drawn, Initial } from "../init.ts";
import { featurewise } from "./features.ts";

type Weights = Drawn<{ W: Initial; b: Initial }>;

/** One moment, from the inputs before it. */
function step(past: Tensor, x: Tensor, { W, b }: Weights) {
  const window = concatenate([past, x.expandDims(0)], 0);
  return { state: { past: window.slice([1]) }, output: window.mul(W).sum(0).add(b) };
}

/**
 * Causal depthwise convolution:
 *   yₜ = b + Σₖ W[k] ∘ xₜ₋ₘ, m = width − 1 − k: the last row meets the newest x
 *
 * Options: size, which is that of the input; width, how many inputs one output sees (4).
 * Shapes: W [width, size], b [size]; state { past: [width − 1, size] }, oldest first;
 * output [size].
 * Source: Gu and Dao 2023, arXiv:2312.00752, section 3.4 and figure 3.
 * Checked: a loop over numbers in float64.
 */
export const causalConvolution = featurewise(
  "causalConvolution",
  cell({
    name: "causalConvolution",
    options: { width: 4 as number },
    params: ({ size, width }, init) => ({
      W: init.uniform([wholeNumber("causalConvolution: width", width), size], 1 / Math.sqrt(width)),
      b: init.zeros([size]),
    }),
    state: ({ size, width }) => ({ past: [width - 1, size] }),
    step: ({ past }, x, weights) => step(past, x, weights),
    parallel({ past }, xs, weights, { valid, width }) {
      // Where moments are left out, those that an output sees are not neighbours.
      if (valid)
        return scan((s, x: Tensor, w: Weights) => step(s.past, x, w), { past }, xs, weights, {
          mask: valid,
        });
      const time = xs.shape[0];
      const all = concatenate([past, xs], 0);
      const terms = Array.from({ length: width }, (_, k) =>
        all.slice([k, k + time]).mul(weights.W.at(k)),
      );
      const outputs = terms.reduce((sum, term) => sum.add(term)).add(weights.b);
      return { state: { past: all.slice([time]) }, outputs };
    },
  }),
);
