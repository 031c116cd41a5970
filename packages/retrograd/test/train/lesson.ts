/** What a method learns from one batch, as numbers: what two methods are compared by. */
import { jit, type TargetName, type Tensor } from "retrograd";
import { flatten } from "../../src/tensor/tree.ts";
import { type Fed, type Method, mse, type Trainable } from "../../src/train/index.ts";
import { meanOf } from "../../src/train/losses/loss.ts";

/** A model with its parameters. */
export interface Own {
  readonly model: Trainable;
  readonly params: any;
}

/** The loss of a batch (of the first part that the method cuts it into), and its gradient. */
export function lossAndGradient(
  method: Method,
  fed: Fed,
  { model, params }: Own,
  target?: TargetName,
): number[] {
  const [part] = method.cut ? [...method.cut(fed)] : [fed];
  const learn = (p: any, batch: Fed) => {
    const lesson = { model, loss: mse(), batch, key: undefined };
    const { mean, grads } = method.learn(lesson, p, {});
    return [meanOf(mean), grads];
  };
  const found = target ? jit(learn, { target })(params, part) : learn(params, part);
  return flatten(found).flatMap((t: Tensor) => [...t.data] as number[]);
}

/** The largest difference. */
export const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i])));
