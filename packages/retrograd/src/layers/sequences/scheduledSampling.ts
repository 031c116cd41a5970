/**
 * Scheduled sampling: while it learns, a decoder is told now and then what it said itself instead
 * of what it should have said, so that it learns to go on after its own mistakes. How often it is
 * told the truth falls with the updates that were made.
 */
import { fail } from "../../errors/layers.ts";
import { equal, or, where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import * as random from "../../ops/random.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import type { DType } from "../../scalar/dtype.ts";
import { add, div, type Expr, exp, max, mul, slot, sub, toFloat32 } from "../../scalar/index.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

export interface TruthSchedule {
  readonly name: string;
  /**
   * Probability that the truth is told.
   * @param step  updates made so far, an int32 scalar
   */
  truth(step: Tensor): Tensor;
}

const schedule = (name: string, of: (i: Expr) => Expr): TruthSchedule => ({
  name,
  truth: (step) => map("->", of(toFloat32(slot(0))), [step], { name: "truth" }),
});

const check = (where: string, holds: boolean, given: number, expected: string): void => {
  if (!holds) fail("bad-argument", { where, given: String(given), expected });
};

/**
 * From 1 down to `floor` in equal steps: max(floor, 1 − i (1 − floor) / updates).
 * Source: Bengio et al. 2015, arXiv:1506.03099, section 2.4, with k = 1.
 */
export function linearTruth(
  updates: number,
  { floor = 0 }: { floor?: number } = {},
): TruthSchedule {
  check("linearTruth: updates", updates > 0, updates, "a number of updates above 0");
  check("linearTruth: floor", floor >= 0 && floor <= 1, floor, "a probability");
  const line = (i: Expr) => max(sub(1, mul(i, (1 - floor) / updates)), floor);
  return schedule(`linear(${updates}, floor ${floor})`, line);
}

/** k^i, 0 < k < 1. Source: Bengio et al. 2015, arXiv:1506.03099, section 2.4. */
export function exponentialTruth(k: number): TruthSchedule {
  check("exponentialTruth", k > 0 && k < 1, k, "a number between 0 and 1, such as 0.999");
  return schedule(`exponential(${k})`, (i) => exp(mul(i, Math.log(k))));
}

/**
 * k / (k + e^(i/k)), k ≥ 1: near 1 at first, and falling around k log k updates.
 * Source: Bengio et al. 2015, arXiv:1506.03099, section 2.4.
 */
export function inverseSigmoidTruth(k: number): TruthSchedule {
  check("inverseSigmoidTruth", k >= 1 && k < Infinity, k, "a number of at least 1, such as 100");
  return schedule(`inverse sigmoid(${k})`, (i) => div(k, add(k, exp(mul(i, 1 / k)))));
}

/** The same probability throughout. */
export function constantTruth(probability: number): TruthSchedule {
  check("constantTruth", probability >= 0 && probability <= 1, probability, "a probability");
  return schedule(`constant(${probability})`, (i) => add(mul(i, 0), probability));
}

/** Who tells a decoder what was said before. */
export interface Teacher {
  /** The truth, or what the decoder said itself: each [batch, …]; at the first moment the truth. */
  tell(truth: Tensor, own: Tensor, time: Tensor): Tensor;
  /** What the decoder says: a symbol drawn from its scores, or its numbers, without a gradient. */
  hear(output: Tensor, dtype: DType, time: Tensor): Tensor;
}

/**
 * A coin for every sample and moment, and draws from what the model expects.
 * @throws "key-missing"
 */
export function teacherOf(
  schedule: TruthSchedule,
  key: Tensor | undefined,
  step: Tensor | undefined,
): Teacher {
  if (!key) fail("key-missing", { what: `a decoder with the schedule ${schedule.name}` });
  const [coins, draws] = [random.fold(key, 1), random.fold(key, 2)];
  const probability = schedule.truth(step ?? tensor(0, { dtype: "int32" }));
  return {
    tell(truth, own, time) {
      const coin = random.uniform(random.fold(coins, time), [truth.shape[0]]);
      const told = or(coin.less(probability), equal(time, 0));
      return where(told.reshape(truth.shape.map((n, axis) => (axis === 0 ? n : 1))), truth, own);
    },
    hear: (output, dtype, time) =>
      dtype === "int32"
        ? random.categorical(random.fold(draws, time), stopGradient(output))
        : stopGradient(output),
  };
}
