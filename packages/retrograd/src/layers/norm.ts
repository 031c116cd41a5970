/** Layer normalisation: every moment of every sample on a scale of its own. */

import { init } from "../cells/init.ts";
import { checkOptions } from "../errors.ts";
import { normalise } from "../ops/normalise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { featuresOf, inputOption, type Layer, needsFloat, pointwise } from "./layer.ts";

export interface LayerNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  readonly input?: number;
}

/**
 * y = (x − m) / √(v + ε) ∘ scale + shift, with the mean m and the (biased) variance v of the last
 * axis.
 * Shapes: x [batch, time, n]; scale and shift [n].
 * Source: Ba et al. 2016, arXiv:1607.06450.
 * Checked: HIPS/autograd, value and every gradient.
 */
export function layerNorm(options: LayerNormOptions = {}): Layer<{ scale: Tensor; shift: Tensor }> {
  checkOptions("layerNorm", options, ["epsilon", "input"]);
  const { epsilon = 1e-5, input } = options;
  return pointwise({
    kind: "layerNorm",
    name: "layerNorm()",
    keepsShape: true,
    input: inputOption(input),
    plan(flow) {
      needsFloat("layerNorm()", flow);
      const n = featuresOf("layerNorm()", flow, input);
      return { params: { scale: init.ones([n]), shift: init.zeros([n]) }, output: flow };
    },
    apply: ({ scale, shift }, x) => normalise(x, scale, shift, epsilon),
  });
}
