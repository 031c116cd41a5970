/**
 * What a loss is: a sum over positions and a count of them, so that masks, padded rows and means
 * over several batches are exact. A masked position adds nothing to the loss or to any gradient,
 * even where its output or target is not a number.
 */
import { fail } from "../../errors/training.ts";
import { lettersOfRank } from "../../ops/axes.ts";
import { map } from "../../ops/map.ts";
import { type DType, div, type Expr, greater, mul, select, slot } from "../../scalar/index.ts";
import { showShape, sizeOf, type Tensor, tensor } from "../../tensor/tensor.ts";
import { converted, each, total } from "../pointwise.ts";

/** A mean in two parts; the parts of several batches add up. */
export interface Mean {
  readonly sum: Tensor;
  readonly count: Tensor;
}

export interface Loss {
  readonly name: string;
  /** What a target holds: class numbers (int32, without an axis of their own) or numbers. */
  readonly target: "label" | "number";
  /** Label that marks a position without a target. */
  readonly ignore?: number;
  /** Size of the model's last axis for `targetSize` classes, or for `targetSize` numbers. */
  outputSize(targetSize: number): number;
  /**
   * Sum over the positions that count, and how many do.
   * @param output  [batch, …, outputSize]
   * @param target  [batch, …] labels, or [batch, …, targetSize] numbers
   * @param mask    leading axes of the target: the weight of each position, or bool; else all count
   */
  parts(output: Tensor, target: Tensor, mask?: Tensor): Mean;
  /** The mean over the positions that count, a scalar; 0 where none does. */
  evaluate(output: Tensor, target: Tensor, mask?: Tensor): Tensor;
}

/** A loss from its sum and count. */
export const lossOf = (own: Omit<Loss, "evaluate">): Loss => ({
  ...own,
  evaluate: (output, target, mask) => meanOf(own.parts(output, target, mask)),
});

/** sum / count, and 0 where nothing counts. */
export const meanOf = ({ sum, count }: Mean): Tensor =>
  each("mean", div(slot(0), select(greater(slot(1), 0), slot(1), 1)), sum, count);

/** A slot of any dtype as a float of dtype `to`; true is 1. */
export const numberOf = (e: Expr, from: DType, to: DType): Expr =>
  from === "bool" ? converted(select(e, 1, 0), "float32", to) : converted(e, from, to);

/**
 * Σ body over the positions of args[0] that count, and their number.
 * @param operands  letters of args; the leading axes of args[0] unless told
 */
export function summed(
  name: string,
  body: Expr,
  args: readonly Tensor[],
  mask?: Tensor,
  operands?: readonly string[],
): Mean {
  const [output] = args;
  const all = lettersOfRank(output.rank);
  const places = operands ?? args.map((t) => all.slice(0, t.rank));
  if (!mask) return { sum: map(`${places}->`, body, args, { name }), count: countOf(output) };
  if (mask.shape.some((n, axis) => n !== output.shape[axis]))
    fail("shape-mismatch", {
      op: name,
      given: `mask ${showShape(mask.shape)}`,
      expected: `the leading axes of ${showShape(output.shape)}`,
    });
  const weight = numberOf(slot(args.length), mask.dtype, output.dtype);
  const counted = select(greater(weight, 0), mul(weight, body), 0);
  const over = `${[...places, all.slice(0, mask.rank)]}->`;
  return { sum: map(over, counted, [...args, mask], { name }), count: countOf(output, mask) };
}

/** How many numbers of x count. */
function countOf(x: Tensor, mask?: Tensor): Tensor {
  if (!mask) return tensor(x.size, { dtype: x.dtype });
  const each = sizeOf(x.shape.slice(mask.rank));
  return total("count", mul(numberOf(slot(0), mask.dtype, x.dtype), each), mask);
}
