/**
 * S6, the selective state space: how long a moment lasts, where it is written and what is read
 * depend on the input, so that the state keeps some inputs and lets others pass.
 */
import { map } from "../../ops/map.ts";
import { exp, mul, slot } from "../../scalar/index.ts";
import { wholeNumber } from "../cell.ts";
import { uniforms } from "../draw.ts";
import { Initial } from "../init.ts";
import { featurewise } from "./features.ts";
import { linearCell } from "./recurrence.ts";

/** What Δ begins with, evenly in its logarithm. */
const [LEAST_STEP, GREATEST_STEP] = [1e-3, 0.1];

/**
 * Selective state space: every feature i of the input has `states` numbers of its own.
 *   Δ = softplus(x Wd Wu + bu)   B = x Wb   C = x Wc   A = −exp(A_log)
 *   h'[i, n] = e^{Δ[i] A[i, n]} h[i, n] + Δ[i] B[n] x[i]
 *   y[i] = Σₙ C[n] h'[i, n] + D[i] x[i]
 *
 * Options: size, which is that of the input; states, the numbers for each feature (16); rank of
 * the map from x to Δ (size / 16).
 * Shapes: delta { down [size, rank], up [rank, size], b [size] }, B and C [size, states],
 * A [size, states] (which is A_log), D [size]; state { h: [size, states] }; output [size].
 * Source: Gu and Dao 2023, arXiv:2312.00752, algorithm 2, eq. 4 (Δ B in place of the exact
 * integral, as its code has it), section 3.6 (where Δ and A begin).
 * Checked: a loop over numbers in float64.
 */
export const selective = featurewise(
  "selective",
  linearCell({
    name: "selective",
    options: { states: 16 as number, rank: undefined as number | undefined },
    params({ size, states, rank = Math.ceil(size / 16) }, init) {
      wholeNumber("selective: states", states);
      wholeNumber("selective: rank", rank);
      const from = 1 / Math.sqrt(size);
      return {
        delta: {
          down: init.uniform([size, rank], from),
          up: init.uniform([rank, size], 1 / Math.sqrt(rank)),
          b: firstStep(size),
        },
        B: init.uniform([size, states], from),
        C: init.uniform([size, states], from),
        A: init.values([size, states], ([, n]) => Math.log(n + 1)),
        D: init.ones([size]),
      };
    },
    state: ({ size, states }) => [size, states],
    coefficients(x, { delta, A, B }) {
      const step = x.dot(delta.down).dot(delta.up).add(delta.b).softplus();
      const rate = A.exp().neg();
      return {
        a: map("i,in->in", exp(mul(slot(0), slot(1))), [step, rate], { name: "decay" }),
        b: step.mul(x).outer(x.dot(B)),
      };
    },
    read: (h, x, { C, D }) => h.dot(x.dot(C)).add(x.mul(D)),
  }),
);

/** b with softplus(b) = Δ: log(e^Δ − 1). */
const firstStep = (size: number): Initial =>
  new Initial([size], "log step", (key) =>
    uniforms(key, size, Math.log(LEAST_STEP), Math.log(GREATEST_STEP)).map((logStep) =>
      Math.log(Math.expm1(Math.exp(logStep))),
    ),
  );
