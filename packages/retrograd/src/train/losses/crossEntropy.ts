/** Cross-entropy of classes: how surprised the logits are by the labels, in nats. */
import { fail } from "../../errors/training.ts";
import { lettersOfRank } from "../../ops/axes.ts";
import { map } from "../../ops/map.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import {
  add,
  type Expr,
  equal,
  exp,
  index,
  less,
  log,
  mul,
  notEqual,
  select,
  slot,
  sub,
} from "../../scalar/index.ts";
import { sameShape, showShape, type Tensor } from "../../tensor/tensor.ts";
import { each } from "../pointwise.ts";
import { checkSettings } from "../settings.ts";
import { type Loss, lossOf, numberOf, summed } from "./loss.ts";

export interface CrossEntropyOptions {
  /** Label of positions without a target. */
  ignore?: number;
  /** Share of the probability that is spread evenly over all classes, in [0, 1). */
  labelSmoothing?: number;
}

/**
 * Cross-entropy from logits z [batch, …, classes] and labels [batch, …] int32.
 *   log Σₖ e^zₖ − Σₖ qₖ zₖ     q: 1 at the label; smoothed: ε/K, and 1 − ε more there
 * Classes that lie more than 64 below the highest logit leave the first sum, and its gradient.
 *
 * Source: Szegedy et al. 2016, arXiv:1512.00567, section 7 (smoothing).
 * Checked: value and gradient against HIPS/autograd; smoothing and ignored labels by hand.
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { ignore, labelSmoothing = 0 } = options;
  checkSettings("crossEntropy", { labelSmoothing }, "a number in [0, 1)");
  return lossOf({
    name: labelSmoothing ? `cross-entropy (smoothing ${labelSmoothing})` : "cross-entropy",
    target: "label",
    ...(ignore === undefined ? {} : { ignore }),
    outputSize: (classes) => classes,
    parts(output, target, mask) {
      const value = surprise(output, target, labelSmoothing);
      return summed("cross-entropy", slot(0), [value], labelMask(target, mask, ignore));
    },
  });
}

/**
 * A class so far below the likeliest, with a probability of 10⁻²⁸, counts as impossible: no sum of
 * probabilities would show it, and as a gradient it would soon be too small for a normal number,
 * with which a processor takes a hundred times as long.
 */
const NO_MASS = -64;

/** log Σₖ e^zₖ − Σₖ qₖ zₖ at each position, [batch, …]. */
function surprise(output: Tensor, target: Tensor, smoothing: number): Tensor {
  checkLabels(output, target);
  const [all, at, own] = axes(output);
  const peak = stopGradient(
    map(`${all}->${at}`, slot(0), [output], { reduce: "max", name: "peak" }),
  );
  const below = sub(slot(0), slot(1));
  const terms = exp(select(less(below, NO_MASS), -Infinity, below));
  const mass = map(`${all},${at}->${at}`, terms, [output, peak], { name: "softmax" });
  const even = smoothing / output.shape[output.rank - 1];
  const here = equal(index(own), slot(1));
  const chosen: Expr = smoothing
    ? mul(select(here, 1 - smoothing + even, even), slot(0))
    : select(here, slot(0), 0);
  const picked = map(`${all},${at}->${at}`, chosen, [output, target], { name: "label" });
  const value = sub(add(log(slot(0)), slot(1)), slot(2));
  return each("cross-entropy", value, mass, peak, picked);
}

/** Letters of every axis, of all but the classes, and of the classes. */
export function axes(output: Tensor): [all: string, at: string, own: string] {
  const all = lettersOfRank(output.rank);
  return [all, all.slice(0, -1), all.slice(-1)];
}

/** The mask of labels [batch, …]: 0 where the label is to be ignored. */
export function labelMask(target: Tensor, mask?: Tensor, ignore?: number): Tensor | undefined {
  if (ignore === undefined) return mask;
  const kept = notEqual(slot(0), ignore);
  if (!mask) return each("ignore", kept, target);
  const weight = numberOf(slot(1), mask.dtype, mask.dtype === "float64" ? "float64" : "float32");
  return each("ignore", select(kept, weight, 0), target, mask);
}

/** Labels must be int32 and have the axes of the logits but the last. @throws "shape-mismatch" */
export function checkLabels(output: Tensor, target: Tensor) {
  const want = output.shape.slice(0, -1);
  const given = `the target ${target.dtype} ${showShape(target.shape)}`;
  if (target.dtype !== "int32" || !sameShape(target.shape, want))
    fail("shape-mismatch", {
      op: "crossEntropy",
      given: `${given} of logits ${showShape(output.shape)}`,
      expected: `labels int32 ${showShape(want)}`,
    });
}
