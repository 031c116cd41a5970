/**
 * implicit: a network that settles learns from where it settled. The loop through time is replaced
 * by the state that it ends in, and the way back by one linear equation there: nothing is kept of
 * the way, however long it was.
 */
import { fail } from "../../errors/training.ts";
import { checkOptions } from "../../errors.ts";
import { fixedPoint } from "../../jit/learned.ts";
import type { FixedPointOptions } from "../../loops/fixedPoint.ts";
import { toleranceOf } from "../../loops/solvers.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { flatten } from "../../tensor/tree.ts";
import { type Fed, resized } from "../batch.ts";
import { whereFound } from "../found.ts";
import { forward, type Lesson, type Method } from "../method.ts";
import { checkSettings } from "../settings.ts";
import { gradientOf } from "./bptt.ts";

export type ImplicitOptions = Omit<FixedPointOptions, "warn">;

/**
 * For recurrences that are shown one input, the same at every moment, and asked when they rest:
 *   z = f(z, x, θ)      v = ∂L/∂z + (∂f/∂z)ᵀ v      dL/dθ = ∂L/∂θ + (∂f/∂θ)ᵀ v
 * Loss and gradient are those of bptt over infinitely many moments, where the step contracts. The
 * search begins at the model's first state; dropout is drawn for the readout alone.
 *
 * Options: those of fixedPoint: solver (Anderson's), backward (as the solver; jacobian-free and
 * phantom are cheaper and biased), tolerance, steps.
 * @throws "bad-argument" for inputs that change in time, or a model that reads both ways;
 *   "not-converged" with the residual and the spectral radius, where no rest is found
 * Source: Almeida 1987; Pineda 1987, doi:10.1103/PhysRevLett.59.2229 (recurrent backpropagation);
 * Bai et al. 2019, arXiv:1909.01377, theorem 1.
 * Checked: loss and gradient equal those of bptt over 200 moments to 1e-9 in float64.
 */
export function implicit(options: ImplicitOptions = {}): Method {
  checkOptions("implicit", options, ["solver", "backward", "tolerance", "steps"]);
  const { tolerance, steps = 100 } = options;
  checkSettings("implicit", { tolerance }, "a number above 0");
  checkSettings("implicit", { steps }, "a whole number above 0");
  const rest = (lesson: Lesson, params: any) => {
    const { model, batch } = lesson;
    const { inputs } = batch;
    const step = (state: any, p: any) => model.run(p, inputs, { state, train: false }).state;
    const first = model.state(params, inputs.shape[0]);
    const found = fixedPoint(step, first, params, options);
    const limit = tolerance ?? toleranceOf(flatten(first)[0].dtype);
    return { ...found, limit };
  };
  return {
    name: "implicit",
    settings: { steps, ...(tolerance !== undefined && { tolerance }) },
    carries: false,
    init: () => ({}),
    *cut(batch) {
      yield oneMoment(batch);
    },
    learn(lesson, params) {
      const { wholeOnly } = lesson.model;
      if (wholeOnly !== undefined)
        refuse(`a model that must see whole sequences: ${wholeOnly}`, "one that goes forward");
      const learned = gradientOf(params, (p) => {
        const { state, residual, limit } = rest(lesson, p);
        const { mean } = forward(lesson, p, state);
        return { state, mean: whereFound("rest", residual, limit, mean) };
      });
      return { ...learned, state: {} };
    },
    blame: (lesson, params) => void rest(lesson, params),
  };
}

const refuse = (given: string, expected: string): never =>
  fail("bad-argument", { where: "implicit", given, expected });

/** The one moment that a batch repeats, with what is asked at its end. */
function oneMoment(batch: Fed): Fed {
  const { inputs, targets, mask, lengths } = batch;
  const [rows, time] = inputs.shape;
  const inner = inputs.size / rows / time;
  for (let row = 0; row < rows; row++) {
    const valid = lengths ? (lengths.data[row] as number) : time;
    for (let i = inner; i < valid * inner; i++) {
      const at = row * time * inner;
      if (inputs.data[at + i] === inputs.data[at + (i % inner)]) continue;
      const moment = Math.floor(i / inner);
      refuse(
        `an input that is another at moment ${moment} of row ${row}`,
        "one input for each row, the same at every moment; or the method bptt()",
      );
    }
  }
  const last = (t: Tensor) => (t.rank > 1 && t.shape[1] === time ? resized(t, 1, time - 1, 1) : t);
  return {
    inputs: resized(inputs, 1, 0, 1),
    targets: last(targets),
    ...(mask && { mask: last(mask) }),
  };
}
