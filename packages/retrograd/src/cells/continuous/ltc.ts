/** Liquid time constants: how fast a unit moves depends on what drives it. */
import type { Tensor } from "../../tensor/tensor.ts";
import { activate, checkActivation } from "../activation.ts";
import { cell, wholeNumber } from "../cell.ts";
import { checkElapsed, elapsed, featuresBeside } from "./elapsed.ts";

/**
 * Liquid time-constant network:
 *   dh/dt = −(1/τ + f) ∘ h + f ∘ A    f = σ(x W + h R + b)    τ = softplus(t)
 * so f sets both where h goes and how fast: its time constant is τ / (1 + τ f). Between two moments
 * the equation is solved in `unfolds` steps δ = Δt / unfolds of the fused solver, which is implicit
 * in the linear h and so stable for every step:
 *   h ← (h + δ f ∘ A) / (1 + δ (1/τ + f))
 *
 * Options: size; unfolds (6), steps of the solver between two moments; activation "logistic"
 * (default; only one that stays above 0 keeps the solver stable); times: whether the last feature
 * of the input is Δt > 0, in the unit of τ (otherwise Δt is 1).
 * Shapes: W [features, size], R [size, size], b, t, A [size]; state { h: [size] }; output h. τ
 * begins at 1.
 * Source: Hasani et al. 2021, arXiv:2006.04439, eq. 1 and 3 (the fused solver), Algorithm 1.
 * Checked: a loop over numbers, forward; differences, every gradient; many unfolds against the
 * exact solution of the linear case, and the order of the solver.
 */
export const ltc = cell({
  name: "ltc",
  options: {
    unfolds: 6 as number,
    activation: "logistic" as string,
    times: false as boolean,
  },
  params: ({ input, size, unfolds, activation, times }, init) => {
    wholeNumber("ltc: unfolds", unfolds);
    checkActivation(activation);
    return {
      W: init.glorot([featuresBeside("ltc", input, times), size]),
      R: init.orthogonal([size, size]),
      b: init.zeros([size]),
      t: init.values([size], () => Math.log(Math.E - 1)),
      A: init.uniform([size], 1),
    };
  },
  state: ({ size }) => ({ h: [size] }),
  step({ h }, given, { W, R, b, t, A }, { unfolds, activation, times }) {
    const { x, dt } = elapsed(given, times);
    const drive = x.dot(W).add(b);
    const leak = t.softplus();
    const part: Tensor | number = typeof dt === "number" ? dt / unfolds : dt.mul(1 / unfolds);
    let next = h;
    for (let k = 0; k < unfolds; k++) {
      const f = activate(activation, drive.add(next.dot(R)));
      const rate = f.add(leak.pow(-1)).mul(part).add(1);
      next = next.add(f.mul(A).mul(part)).div(rate);
    }
    return { state: { h: next }, output: next };
  },
  check: (x, { times }, valid) => checkElapsed("ltc", x, times, valid),
});
