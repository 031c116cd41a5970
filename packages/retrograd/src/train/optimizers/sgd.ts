/** Stochastic gradient descent: downhill, with a memory of the last directions if wanted. */
import { checkOptions } from "../../errors.ts";
import { add, mul, slot, sub } from "../../scalar/index.ts";
import { as, each, zip } from "../pointwise.ts";
import { checkSettings } from "../settings.ts";
import { type Optimizer, zerosLike } from "./optimizer.ts";

export interface SgdOptions {
  /** Share of the last direction that is kept, in [0, 1). */
  momentum?: number;
  /** Look ahead along the direction before stepping. */
  nesterov?: boolean;
  /** λ of the penalty λ/2·‖p‖², added to the gradient. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, with momentum.
 *   g = ∇ + λ p    b' = μ b + g    p' = p − rate·b'
 *   nesterov: p' = p − rate·(g + μ b')
 *
 * Source: Sutskever et al. 2013, ICML 28:1139–1147; formulas as in PyTorch (no dampening).
 */
export function sgd(rate: number, options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, ["momentum", "nesterov", "weightDecay"]);
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  checkSettings("sgd", { rate, weightDecay }, "a number of at least 0");
  checkSettings("sgd", { momentum }, "a number in [0, 1)");
  const decayed = weightDecay ? add(slot(0), mul(slot(1), weightDecay)) : slot(0);
  return {
    name: "sgd",
    rate,
    settings: { rate, momentum, nesterov, weightDecay },
    init: (params) => (momentum ? { direction: zerosLike(params) } : {}),
    update(grads, state, params, moment) {
      const g = weightDecay ? zip(grads, ([d, p]) => each("decay", decayed, d, p), params) : grads;
      if (!momentum) return { params: descend(params, g, moment.rate), state };
      const kept = add(mul(slot(0), momentum), slot(1));
      const direction = zip(state.direction, ([b, d]) => each("momentum", kept, b, d), g);
      const ahead = nesterov
        ? zip(direction, ([b, d]) => each("nesterov", kept, b, d), g)
        : direction;
      return { params: descend(params, ahead, moment.rate), state: { direction } };
    },
  };
}

/** p − rate·d */
export const descend = (params: any, direction: unknown, rate: Parameters<typeof as>[0]): any =>
  zip(
    params,
    ([p, d]) => each("descend", sub(slot(0), mul(slot(2), slot(1))), p, d, as(rate, p.dtype)),
    direction,
  );
