/**
 * Metrics: what people read. Like a loss, each is a sum and a count, so that its value over many
 * batches is exact; `finish` turns their quotient into the number that is shown.
 */
import { fail } from "../errors/training.ts";
import { map } from "../ops/map.ts";
import { equal, index, select, slot, sub } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  axes,
  type CrossEntropyOptions,
  checkLabels,
  crossEntropy,
  labelMask,
} from "./losses/crossEntropy.ts";
import { absoluteError, distances, squaredError } from "./losses/distances.ts";
import { type Mean, summed } from "./losses/loss.ts";
import { each } from "./pointwise.ts";

export interface Metric {
  readonly name: string;
  /** Whether more or less is better. */
  readonly better: "higher" | "lower";
  /** Sum and count over the positions that count; arguments as of a loss. */
  parts(output: Tensor, target: Tensor, mask?: Tensor): Mean;
  /** The number to show, from sum / count. */
  finish(mean: number): number;
  /** The number for concrete tensors. */
  evaluate(output: Tensor, target: Tensor, mask?: Tensor): number;
}

const metric = (own: Omit<Metric, "evaluate">): Metric => ({
  ...own,
  evaluate(output, target, mask) {
    const { sum, count } = own.parts(output, target, mask);
    return own.finish(sum.item() / count.item());
  },
});

/** `ignore` is the label of positions without a target. */
type Labelled = Pick<CrossEntropyOptions, "ignore">;
/** What one unit of the model's numbers is in the user's units. */
interface Scaled {
  scale?: number;
}

/** Share of positions whose largest logit is the label's; of equal ones the first counts. */
export const accuracy = ({ ignore }: Labelled = {}): Metric =>
  metric({
    name: "accuracy",
    better: "higher",
    finish: (mean) => mean,
    parts(output, target, mask) {
      checkLabels(output, target);
      const hit = select(equal(slot(0), slot(1)), 1, 0);
      const right = each("accuracy", hit, firstLargest(output), target);
      return summed("accuracy", slot(0), [right], labelMask(target, mask, ignore));
    },
  });

/** Index of the largest number along the last axis, int32. */
function firstLargest(output: Tensor): Tensor {
  const [all, at, own] = axes(output);
  const peak = map(`${all}->${at}`, slot(0), [output], { reduce: "max", name: "peak" });
  const classes = output.shape[output.rank - 1];
  const place = select(equal(slot(0), slot(1)), sub(0, index(own)), -classes);
  const found = map(`${all},${at}->${at}`, place, [output, peak], { reduce: "max", name: "first" });
  return each("first", sub(0, slot(0)), found);
}

/** Bits that an average symbol costs: cross-entropy / ln 2. */
export const bitsPerCharacter = ({ ignore }: Labelled = {}): Metric =>
  metric({
    name: "bits per character",
    better: "lower",
    finish: (mean) => mean / Math.LN2,
    parts: crossEntropy({ ignore }).parts,
  });

/** How many equally likely classes would surprise as much: e^cross-entropy. */
export const perplexity = ({ ignore }: Labelled = {}): Metric =>
  metric({
    name: "perplexity",
    better: "lower",
    finish: Math.exp,
    parts: crossEntropy({ ignore }).parts,
  });

/** Root mean squared error √mean (o − t)², in the user's units. */
export const rmse = ({ scale = 1 }: Scaled = {}): Metric =>
  metric({
    name: "RMSE",
    better: "lower",
    finish: (mean) => scale * Math.sqrt(mean),
    parts: (output, target, mask) => distances("rmse", squaredError, output, target, mask),
  });

/** Mean absolute error mean |o − t|, in the user's units. */
export const mae = ({ scale = 1 }: Scaled = {}): Metric =>
  metric({
    name: "MAE",
    better: "lower",
    finish: (mean) => scale * mean,
    parts: (output, target, mask) => distances("mae", absoluteError, output, target, mask),
  });

/**
 * Mean absolute scaled error: below 1 it beats the (seasonal) naive forecast on its training data.
 *   mean |o − t| / naive
 * @param naive  `naiveError` of the training data, in the model's units
 * Source: Hyndman and Koehler 2006, doi:10.1016/j.ijforecast.2006.03.001.
 */
export function mase({ naive }: { naive: number }): Metric {
  if (!(naive > 0 && Number.isFinite(naive)))
    fail("bad-argument", {
      where: "mase",
      given: `naive = ${naive}`,
      expected: "the naive error of the training data, above 0",
    });
  return metric({ ...mae({ scale: 1 / naive }), name: "MASE" });
}

/**
 * Mean absolute error of repeating what was `season` steps ago; missing numbers are left out.
 *   mean |y[t] − y[t − season]|
 */
export function naiveError(series: ArrayLike<number>, season = 1): number {
  let sum = 0;
  let count = 0;
  for (let t = season; t < series.length; t++) {
    const e = Math.abs(series[t] - series[t - season]);
    if (Number.isNaN(e)) continue;
    sum += e;
    count++;
  }
  return sum / count;
}
