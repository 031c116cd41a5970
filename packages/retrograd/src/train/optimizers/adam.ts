/** Adam and AdamW: RMSProp with momentum, both corrected for having started from zero. */
import { checkOptions } from "../../errors.ts";
import { add, div, expm1, mul, neg, slot, slotsOf, sqrt, sub } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { as, each, zip } from "../pointwise.ts";
import { checkSettings } from "../settings.ts";
import { type Optimizer, zerosLike } from "./optimizer.ts";

export interface AdamOptions {
  /** Shares of the mean and of the mean square that are kept at each step, in [0, 1). */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** λ: of the penalty λ/2·‖p‖² in adam, of the shrinking by rate·λ in adamw. */
  weightDecay?: number;
}

/**
 * Adam: steps of about `rate` in every parameter, whatever the size of its gradient.
 *   m' = β₁ m + (1 − β₁) g    v' = β₂ v + (1 − β₂) g²
 *   p' = p − rate · (m' / (1 − β₁ᵗ)) / (√(v' / (1 − β₂ᵗ)) + ε)
 *
 * Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1; formulas as in PyTorch.
 */
export function adam(rate = 1e-3, options: AdamOptions = {}): Optimizer {
  return adaptive("adam", rate, { weightDecay: 0, ...options }, false);
}

/**
 * AdamW: Adam whose weight decay does not pass through the moments.
 *   p ← (1 − rate·λ) p, then Adam
 *
 * Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2; λ = 0.01 as in PyTorch.
 */
export function adamw(rate = 1e-3, options: AdamOptions = {}): Optimizer {
  return adaptive("adamw", rate, { weightDecay: 1e-2, ...options }, true);
}

function adaptive(name: string, rate: number, options: AdamOptions, decoupled: boolean): Optimizer {
  checkOptions(name, options, ["beta1", "beta2", "epsilon", "weightDecay"]);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  checkSettings(name, { rate, epsilon, weightDecay }, "a number of at least 0");
  checkSettings(name, { beta1, beta2 }, "a number in [0, 1)");
  const penalty = !decoupled && weightDecay ? add(slot(1), mul(slot(2), weightDecay)) : slot(1);
  const mean = add(mul(slot(0), beta1), mul(penalty, 1 - beta1));
  const square = add(mul(slot(0), beta2), mul(mul(penalty, penalty), 1 - beta2));
  // p, m', v', rate, 1 − β₁ᵗ, √(1 − β₂ᵗ)
  const unit = div(div(slot(1), slot(4)), add(div(sqrt(slot(2)), slot(5)), epsilon));
  const kept = decoupled && weightDecay ? mul(slot(0), sub(1, mul(slot(3), weightDecay))) : slot(0);
  const next = sub(kept, mul(slot(3), unit));
  return {
    name,
    rate,
    settings: { rate, beta1, beta2, epsilon, weightDecay },
    init: (params) => ({ mean: zerosLike(params), square: zerosLike(params) }),
    update(grads, state, params, { rate: given, step }) {
      const m = zip(state.mean, (leaves) => moment("mean", mean, leaves), grads, params);
      const v = zip(state.square, (leaves) => moment("mean square", square, leaves), grads, params);
      const move = ([p, ...moments]: readonly Tensor[]) => {
        const t = as(step, p.dtype);
        const bias1 = each("bias", corrected(beta1), t);
        const bias2 = each("bias", sqrt(corrected(beta2)), t);
        return each(name, next, p, ...moments, as(given, p.dtype), bias1, bias2);
      };
      return { params: zip(params, move, m, v), state: { mean: m, square: v } };
    },
  };
}

/** A moment reads the parameter only where a penalty makes it part of the gradient. */
const moment = (name: string, body: ReturnType<typeof add>, leaves: readonly Tensor[]): Tensor =>
  each(name, body, ...leaves.slice(0, slotsOf(body).size));

/** 1 − βᵗ without cancellation: −(e^(t ln β) − 1). */
const corrected = (beta: number) => neg(expm1(mul(slot(0), Math.log(beta))));
