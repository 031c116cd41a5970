/**
 * Learning from a stream as it comes: one moment in, one update out. State, influence, parameters
 * and the optimizer live in one compiled program; nothing grows with what has passed.
 */

import { type Resident, resident, type TargetName } from "../jit/jit.ts";

import { reshape } from "../ops/reshape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { checkInputs, checkLabels, type Fed, type Part, tensorOf } from "./batch.ts";
import { checkKinds } from "./kinds.ts";
import { forward } from "./methods/forward.ts";
import {
  type Carry,
  classesOf,
  firstCarry,
  type StepOptions,
  type StepOutputs,
  trainingStep,
} from "./step.ts";

export interface OnlineOptions extends Omit<StepOptions, "shards"> {
  /** Parameters to begin with. */
  readonly params: any;
  readonly target?: TargetName;
}

export interface Learner {
  /**
   * Learn from one moment of one stream.
   * @param x      what comes in: the shape of one sample at one moment
   * @param y      its target
   * @returns      the loss of what the model said before it learned from y, and the norm of the
   *               gradient before clipping
   */
  push(x: Part, y: Part): { loss: number; norm: number };
  /** A new sequence begins with the next moment: from the model's first state. */
  reset(): void;
  /** Learning rate from now on. */
  rate: number;
  /** Copies of the parameters and of what the method carries, as they are now. */
  readonly params: any;
  readonly carried: any;
  /** Memory of the program, in bytes; 0 before the first moment. */
  readonly peakBytes: number;
}

/**
 * A learner of a stream.
 * @param method  one that carries what it needs, such as forward({ window: 1 }), the default, or
 *                truncated({ window: 1 }), for which the past is a number
 * @throws what the method does; on a moment "label-range", "index-range"
 * Checked: the updates are those of training on the same moments as windows of one.
 */
export function online({ params, target, ...options }: OnlineOptions): Learner {
  const given = { ...options, method: options.method ?? forward({ window: 1 }) };
  const { model, loss, optimizer, method } = given;
  checkKinds("online", { model, loss, optimizer, method });
  const labels = options.loss.target === "label";
  let program: Resident<Carry, StepOutputs> | undefined;
  let classes: number | undefined;
  let starts = true;
  const run = () =>
    (program ??= resident<Carry, StepOutputs>(trainingStep(given), firstCarry(given, params, 1), {
      ...(target && { target }),
    }));
  const moment = (name: string, part: Part) => {
    const t = tensorOf(name, part, labels);
    return reshape(t, [1, 1, ...t.shape]);
  };
  const learner: Learner = {
    rate: options.optimizer.rate,
    push(x, y) {
      const fed: Fed = {
        inputs: moment("inputs", x),
        targets: moment("targets", y),
        start: tensor([starts]),
      };
      checkInputs(options.model, fed);
      if (labels) {
        classes ??= classesOf(options, params, fed);
        checkLabels(fed, classes, options.loss.ignore);
      }
      const rate: Tensor = tensor(learner.rate, { dtype: "float32" });
      const { loss, norm } = run().call(fed, rate);
      starts = false;
      return { loss: loss.item(), norm: norm.item() };
    },
    reset() {
      starts = true;
    },
    get params() {
      return program ? program.read().params : params;
    },
    get carried() {
      return run().read().state;
    },
    get peakBytes() {
      return program?.peakBytes ?? 0;
    },
  };
  return learner;
}
