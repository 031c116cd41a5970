/**
 * Random truncation: the gradient is cut at random places, and what passes is made larger, so that
 * on average nothing is lost. Short memory of the way back, without the bias of fixed windows.
 */
import { fail } from "../../errors/training.ts";
import { checkOptions } from "../../errors.ts";
import { fold, uniform } from "../../ops/random.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import { add, equal, less, mul, select, slot, sub } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { remat } from "../../transform/remat.ts";
import type { Method } from "../method.ts";
import { as, each, zip } from "../pointwise.ts";
import { inSegments } from "../segments.ts";
import { checkSettings } from "../settings.ts";
import { gradientOf } from "./bptt.ts";

export interface RandomTruncationOptions {
  /** Mean number of steps between two cuts. */
  window: number;
  /** Steps between places where the gradient may be cut; 1 unless told. */
  segment?: number;
}

/** Keeps these draws apart from those of the model. */
const CUTS = 0x637574;

/**
 * One update for each batch, along an unbiased estimate of bptt's gradient. Between two segments
 * the gradient of a row is cut with probability c = segment/window, and divided by 1 − c where it
 * is not:
 *   δₜ ← ξₜ/(1 − c) δₜ,  P(ξₜ = 1) = 1 − c,  so E δₜ is what bptt sends back
 * Its variance grows with the length of the dependencies: where they are much longer than the
 * window, exact methods (checkpointed) learn faster. Memory is that of checkpointed.
 * @throws "bad-argument"; on a step without a key, too
 * Source: Tallec and Ollivier 2017, arXiv:1705.08209, proposition 1 (ARTBP), with constant c.
 * Checked: the mean over many draws meets bptt's gradient within its confidence interval, where
 * that of plain truncation does not.
 */
export function randomTruncation(options: RandomTruncationOptions): Method {
  checkOptions("randomTruncation", options, ["window", "segment"]);
  const { window, segment = 1 } = options;
  checkSettings("randomTruncation", { window, segment }, "a whole number above 0");
  if (!(segment < window))
    fail("bad-argument", {
      where: "randomTruncation",
      given: `window = ${window} and segment = ${segment}`,
      expected: "a window longer than a segment",
    });
  const cut = segment / window;
  return {
    name: "randomTruncation",
    settings: { window, segment },
    carries: false,
    init: () => ({}),
    learn(lesson, params) {
      const rows = lesson.batch.inputs.shape[0];
      const { key } = lesson;
      if (!key)
        return fail("bad-argument", {
          where: "randomTruncation",
          given: "a training step without a key",
          expected: "the option key of trainingStep, as train gives it",
        });
      const enter = (state: any, { segment: number }: { segment: Tensor }) =>
        weakened(state, factors(fold(fold(key, CUTS), number), number, rows, cut));
      const how = { length: segment, enter, around: remat };
      const run = (p: any) => inSegments(lesson, p, lesson.model.state(p, rows), how);
      return { ...gradientOf(params, run), state: {} };
    },
  };
}

/** What the gradient of each row is multiplied by, [rows]; 1 where the sequence begins. */
function factors(key: Tensor, segment: Tensor, rows: number, cut: number): Tensor {
  const first = equal(slot(1), 0);
  const passes = select(less(slot(0), cut), 0, 1 / (1 - cut));
  return each("factor", select(first, 1, passes), uniform(key, [rows]), segment);
}

/** The same numbers [rows, …], whose gradient is multiplied by a factor for each row. */
function weakened(state: any, factor: Tensor): any {
  const body = add(slot(0), mul(slot(2), sub(slot(1), slot(0))));
  const pass = ([fixed, s]: readonly Tensor[]) =>
    each("passed", body, fixed, s, as(factor, s.dtype as "float32"));
  return zip(stopGradient(state), pass, state);
}
