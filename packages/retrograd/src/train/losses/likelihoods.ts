/** Losses for forecasts that say how sure they are: a normal distribution, or several quantiles. */
import { fail } from "../../errors/training.ts";
import { oneOf } from "../../errors.ts";
import { lettersOfRank } from "../../ops/axes.ts";
import { reshape } from "../../ops/reshape.ts";
import { sliceOp } from "../../ops/slice.ts";
import {
  add,
  div,
  exp,
  less,
  log,
  mul,
  neg,
  select,
  slot,
  softplus,
  square,
  sub,
} from "../../scalar/index.ts";
import { apply, sameShape, showShape, sizeOf, type Tensor, tensor } from "../../tensor/tensor.ts";
import { type Loss, lossOf, numberOf, summed } from "./loss.ts";

export interface GaussianOptions {
  /** What the second half of the outputs is: log σ², or σ before softplus. */
  scale?: "logVariance" | "softplus";
}

/**
 * Negative log-likelihood of a normal distribution, without the constant log(2π)/2. The last axis
 * of the output holds the means μ of all targets, then their scales v.
 *   logVariance   (v + (t − μ)²/e^v)/2
 *   softplus      log σ + (t − μ)²/(2σ²),   σ = log(1 + e^v) + 10⁻⁶
 * Source: Nix and Weigend 1994, doi:10.1109/ICNN.1994.374138.
 */
export function gaussian({ scale = "logVariance" }: GaussianOptions = {}): Loss {
  oneOf("gaussian", scale, ["logVariance", "softplus"]);
  return lossOf({
    name: `gaussian (${scale})`,
    target: "number",
    outputSize: (n) => 2 * n,
    parts(output, target, mask) {
      const [mean, spread] = halves(output, target);
      const e = sub(numberOf(slot(1), target.dtype, output.dtype), slot(0));
      const deviation = add(softplus(slot(2)), 1e-6);
      const body =
        scale === "logVariance"
          ? mul(add(slot(2), mul(square(e), exp(neg(slot(2))))), 0.5)
          : add(log(deviation), mul(square(div(e, deviation)), 0.5));
      return summed("gaussian", body, [mean, target, spread], mask);
    },
  });
}

/** [batch, …, 2n] as two tensors of the target's shape [batch, …, n]. */
function halves(output: Tensor, target: Tensor): [Tensor, Tensor] {
  const size = output.shape[output.rank - 1] / 2;
  const half = [...output.shape.slice(0, -1), size];
  if (!sameShape(half, target.shape))
    fail("shape-mismatch", {
      op: "gaussian",
      given: `the output ${showShape(output.shape)} for a target ${showShape(target.shape)}`,
      expected: "an output of twice the size: means, then scales",
    });
  const from = (start: number) => {
    const starts = half.map((_, axis) => (axis === half.length - 1 ? start : 0));
    return apply(sliceOp, [output], { starts, sizes: half, strides: half.map(() => 1) })[0];
  };
  return [from(0), from(size)];
}

/**
 * Pinball loss of several quantiles at once; for each target the output holds one number per level.
 *   max(τ e, (τ − 1) e),   e = t − o
 * Source: Koenker and Bassett 1978, doi:10.2307/1913643.
 * @param levels  each τ in (0, 1)
 */
export function quantile({ levels }: { levels: readonly number[] }): Loss {
  if (!levels?.length || levels.some((level) => !(level > 0 && level < 1)))
    fail("bad-argument", {
      where: "quantile",
      given: `levels ${JSON.stringify(levels)}`,
      expected: "levels between 0 and 1, such as [0.1, 0.5, 0.9]",
    });
  const count = levels.length;
  return lossOf({
    name: `quantile (${levels.join(", ")})`,
    target: "number",
    outputSize: (n) => n * count,
    parts(output, target, mask) {
      const shape = [...target.shape, count];
      if (sizeOf(shape) !== output.size)
        fail("shape-mismatch", {
          op: "quantile",
          given: `the output ${showShape(output.shape)} for a target ${showShape(target.shape)}`,
          expected: `${count} outputs for each target`,
        });
      const all = lettersOfRank(shape.length);
      const e = sub(numberOf(slot(1), target.dtype, output.dtype), slot(0));
      const slope = sub(slot(2), select(less(e, 0), 1, 0));
      const args = [reshape(output, shape), target, tensor([...levels], { dtype: output.dtype })];
      return summed("quantile", mul(slope, e), args, mask, [all, all.slice(0, -1), all.slice(-1)]);
    },
  });
}
