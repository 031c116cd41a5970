/** Losses that compare an output with its target number by number: one formula each. */
import { fail } from "../../errors/training.ts";
import { reshape } from "../../ops/reshape.ts";
import {
  abs,
  type Expr,
  lessEqual,
  mul,
  select,
  slot,
  softplus,
  square,
  sub,
} from "../../scalar/index.ts";
import { sameShape, showShape, type Tensor } from "../../tensor/tensor.ts";
import { checkSettings } from "../settings.ts";
import { type Loss, lossOf, type Mean, numberOf, summed } from "./loss.ts";

type Distance = (output: Expr, target: Expr) => Expr;

/**
 * Sum and count of a distance.
 * @param output  [batch, …, n]
 * @param target  the same shape, or without the last axis where n is 1
 */
export function distances(
  name: string,
  distance: Distance,
  output: Tensor,
  target: Tensor,
  mask?: Tensor,
): Mean {
  const body = distance(slot(0), numberOf(slot(1), target.dtype, output.dtype));
  return summed(name, body, [output, matched(name, output, target)], mask);
}

function matched(name: string, { shape }: Tensor, target: Tensor): Tensor {
  if (sameShape(shape, target.shape)) return target;
  if (shape.at(-1) === 1 && sameShape(shape.slice(0, -1), target.shape))
    return reshape(target, shape);
  return fail("shape-mismatch", {
    op: name,
    given: `the target ${showShape(target.shape)} of an output ${showShape(shape)}`,
    expected: `a target ${showShape(shape)}`,
  });
}

const loss = (name: string, distance: Distance): Loss =>
  lossOf({
    name,
    target: "number",
    outputSize: (n) => n,
    parts: (output, target, mask) => distances(name, distance, output, target, mask),
  });

export const squaredError: Distance = (o, t) => square(sub(o, t));
export const absoluteError: Distance = (o, t) => abs(sub(o, t));

/** Mean squared error: (o − t)². */
export const mse = (): Loss => loss("mse", squaredError);

/** Mean absolute error: |o − t|. */
export const mae = (): Loss => loss("mae", absoluteError);

/**
 * Squared near the target, absolute far from it.
 *   e²/2   where |e| ≤ δ,   δ(|e| − δ/2)   elsewhere
 * Source: Huber 1964, doi:10.1214/aoms/1177703732.
 */
export function huber({ delta = 1 }: { delta?: number } = {}): Loss {
  checkSettings("huber", { delta }, "a number above 0");
  return loss(`huber (delta ${delta})`, (o, t) => {
    const e = sub(o, t);
    const far = mul(sub(abs(e), delta / 2), delta);
    return select(lessEqual(abs(e), delta), mul(square(e), 0.5), far);
  });
}

/**
 * Cross-entropy of yes or no, from logits z; targets are in [0, 1].
 *   log(1 + e^z) − z t
 */
export const binaryCrossEntropy = (): Loss =>
  loss("binary cross-entropy", (z, t) => sub(softplus(z), mul(z, t)));
