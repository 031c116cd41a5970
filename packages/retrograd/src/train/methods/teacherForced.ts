/**
 * Generalised teacher forcing: in training, the state is drawn towards the one that the data show,
 * at every step. A chaotic system moves its states apart, and gradients through it grow without
 * bound; drawn together again they stay bounded, and what is learned can run freely afterwards.
 */
import { checkOptions } from "../../errors.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import { add, div, equal, min, mul, select, slot, sub, toFloat32 } from "../../scalar/index.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Lesson, Method } from "../method.ts";
import { as, each, zip } from "../pointwise.ts";
import { inSegments, type Moment } from "../segments.ts";
import { checkSettings } from "../settings.ts";
import { gradientOf } from "./bptt.ts";

export interface TeacherForcedOptions {
  /** How far the state is drawn, from 0 (free) to 1 (replaced); or from one to another. */
  alpha: number | { from: number; to: number; updates: number };
  /**
   * The state that the data show before a step.
   * @param input  what the model is given at that step, [batch, …]
   * @param state  the model's own, for what the data do not show
   */
  infer(input: Tensor, state: any): any;
  /** Steps between two forcings; 1 unless told. */
  every?: number;
}

/**
 * Backpropagation through time of a model whose state is drawn towards the data:
 *   z̃ₜ = (1 − α) zₜ + α ẑₜ,  zₜ₊₁ = F(z̃ₜ, xₜ)
 * so each step multiplies the gradient by (1 − α) ∂F/∂z: it stays bounded for 1 − α ≤ 1/σ, the
 * largest singular value of ∂F/∂z along the data. The first state is that of the data, ẑ₀. α may
 * go evenly from one value to another over so many updates. Evaluation is not forced.
 * @throws "bad-argument"
 * Source: Hess et al. 2023, arXiv:2306.04406, equation 5 and section 3.2.
 * Checked: against a loop over numbers and its differences; bounded where bptt's gradient is not.
 */
export function teacherForced(options: TeacherForcedOptions): Method {
  checkOptions("teacherForced", options, ["alpha", "infer", "every"]);
  const { alpha, infer, every = 1 } = options;
  const fixed = typeof alpha === "number";
  const [first, last, updates] = fixed ? [alpha, alpha, 1] : [alpha.from, alpha.to, alpha.updates];
  checkSettings("teacherForced", { alpha: first, "alpha.to": last }, "a number in [0, 1]");
  checkSettings("teacherForced", { every, "alpha.updates": updates }, "a whole number above 0");
  return {
    name: "teacherForced",
    settings: { alpha: first, to: last, updates, every },
    carries: false,
    init: () => ({}),
    learn(lesson, params) {
      const now = forcing(lesson, first, last, updates);
      const enter = (state: any, { segment, piece }: Moment) => {
        const shown = infer(piece.inputs.slice(null, 0), state);
        return zip(state, ([own, data]) => drawn(own, stopGradient(data), now, segment), shown);
      };
      const rows = lesson.batch.inputs.shape[0];
      const run = (p: any) =>
        inSegments(lesson, p, lesson.model.state(p, rows), { length: every, enter });
      return { ...gradientOf(params, run), state: {} };
    },
  };
}

/** α of this update, a scalar. */
function forcing({ step }: Lesson, first: number, last: number, updates: number): Tensor {
  if (!step) return tensor(first);
  const share = min(div(toFloat32(slot(0)), updates), 1);
  return each("alpha", add(first, mul(last - first, share)), step);
}

/** (1 − α) own + α data; the data alone in the first segment. */
function drawn(own: Tensor, data: Tensor, alpha: Tensor, segment: Tensor): Tensor {
  const share = select(equal(slot(3), 0), 1, slot(2));
  const body = add(slot(0), mul(share, sub(slot(1), slot(0))));
  return each("forced", body, own, data, as(alpha, own.dtype), segment);
}
