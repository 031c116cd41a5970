/** RMSProp: each parameter moves by its gradient in units of the gradient's usual size. */
import { checkOptions } from "../../errors.ts";
import { add, div, mul, slot, sqrt } from "../../scalar/index.ts";
import { each, zip } from "../pointwise.ts";
import { checkSettings } from "../settings.ts";
import { type Optimizer, zerosLike } from "./optimizer.ts";
import { descend } from "./sgd.ts";

export interface RmspropOptions {
  /** Share of the mean square that is kept at each step, in [0, 1). */
  decay?: number;
  momentum?: number;
  epsilon?: number;
}

/**
 * RMSProp, with momentum if wanted.
 *   v' = α v + (1 − α) g²    d = g / (√v' + ε)    b' = μ b + d    p' = p − rate·b'
 *
 * Source: Hinton 2012, Neural Networks for Machine Learning, lecture 6e; formulas as in PyTorch.
 */
export function rmsprop(rate = 1e-2, options: RmspropOptions = {}): Optimizer {
  checkOptions("rmsprop", options, ["decay", "momentum", "epsilon"]);
  const { decay = 0.99, momentum = 0, epsilon = 1e-8 } = options;
  checkSettings("rmsprop", { rate, epsilon }, "a number of at least 0");
  checkSettings("rmsprop", { decay, momentum }, "a number in [0, 1)");
  const mean = add(mul(slot(0), decay), mul(mul(slot(1), slot(1)), 1 - decay));
  const scaled = div(slot(0), add(sqrt(slot(1)), epsilon));
  return {
    name: "rmsprop",
    rate,
    settings: { rate, decay, momentum, epsilon },
    init: (params) => ({
      square: zerosLike(params),
      ...(momentum ? { direction: zerosLike(params) } : {}),
    }),
    update(grads, state, params, moment) {
      const square = zip(state.square, ([v, g]) => each("mean square", mean, v, g), grads);
      const unit = zip(grads, ([g, v]) => each("rmsprop", scaled, g, v), square);
      if (!momentum) return { params: descend(params, unit, moment.rate), state: { square } };
      const kept = add(mul(slot(0), momentum), slot(1));
      const direction = zip(state.direction, ([b, d]) => each("momentum", kept, b, d), unit);
      return { params: descend(params, direction, moment.rate), state: { square, direction } };
    },
  };
}
