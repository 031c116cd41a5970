/**
 * Minimal gated cells: the gates of a GRU and of an LSTM without their view of the state. What is
 * left is linear in the state, and so has a form over all moments at once.
 */
import { oneOf } from "../../errors.ts";
import { lettersOfRank } from "../../ops/axes.ts";
import { map } from "../../ops/map.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import { add, lessEqual, logistic, max, select, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gatesOf } from "../gates.ts";
import { linearCell } from "./recurrence.ts";

/** x, or what keeps h positive: x + ½ above 0, σ(x) below. Source: arXiv:2410.01201, appendix B. */
function candidate(kind: "linear" | "positive", x: Tensor): Tensor {
  if (oneOf("candidate", kind, ["linear", "positive"]) === "linear") return x;
  const letters = lettersOfRank(x.rank);
  // The branch that is not taken must stay finite: its slope is multiplied by 0.
  const body = select(lessEqual(slot(0), 0), logistic(slot(0)), add(max(slot(0), 0), 0.5));
  return map(`${letters}->${letters}`, body, [x], { name: "positive" });
}

/**
 * Minimal GRU: a gate, from the input alone, moves h towards a candidate.
 *   z = σ(x Wz + bz)   n = x Wn + bn
 *   h' = (1 − z) ∘ h + z ∘ n
 *
 * Options: size; candidate "linear" (default) or "positive", which passes n through x + ½ above 0
 * and σ(x) below, so that h stays positive; chrono, the longest time to be remembered.
 * Shapes: W [input, 2, size], b [2, size], gates in the order z, n; state { h: [size] }; output h.
 * Source: Feng et al. 2024, arXiv:2410.01201, section 3.1 and appendix B.
 * Checked: a loop over numbers in float64.
 */
export const minGru = linearCell({
  name: "minGru",
  options: {
    candidate: "linear" as "linear" | "positive",
    chrono: undefined as number | undefined,
  },
  params: ({ input, size, chrono }, init) => ({
    W: init.glorot([input, 2, size]),
    b: chrono === undefined ? init.zeros([2, size]) : init.chrono([2, size], chrono, [-1, 0]),
  }),
  state: ({ size }) => [size],
  coefficients(x, { W, b }, options) {
    const [z, n] = gatesOf(x.dot(W).add(b));
    const keep = z.neg().logistic(); // 1 − σ(z), exact where it is small
    return { a: keep, b: z.logistic().mul(candidate(options.candidate, n)) };
  },
  read: (h) => h,
});

/**
 * Minimal LSTM: a forget and an input gate, from the input alone, that share one whole.
 *   f = σ(x Wf + bf)   i = σ(x Wi + bi)   n = x Wn + bn
 *   h' = f/(f + i) ∘ h + i/(f + i) ∘ n
 *
 * Options, as of `minGru`: size; candidate; chrono.
 * Shapes: W [input, 3, size], b [3, size], gates in the order f, i, n; state { h: [size] };
 * output h.
 * Source: Feng et al. 2024, arXiv:2410.01201, section 3.2 and appendix B.
 * Checked: a loop over numbers in float64.
 */
export const minLstm = linearCell({
  name: "minLstm",
  options: {
    candidate: "linear" as "linear" | "positive",
    chrono: undefined as number | undefined,
  },
  params: ({ input, size, chrono }, init) => ({
    W: init.glorot([input, 3, size]),
    b: chrono === undefined ? init.zeros([3, size]) : init.chrono([3, size], chrono, [1, -1, 0]),
  }),
  state: ({ size }) => [size],
  coefficients(x, { W, b }, options) {
    const [f, i, n] = gatesOf(x.dot(W).add(b));
    // f/(f + i) = (1 + e^−i) / (2 + e^−f + e^−i), all made small enough that nothing overflows.
    const least = stopGradient(f.minimum(i).minimum(0));
    const [one, notF, notI] = [least, least.sub(f), least.sub(i)].map((t) => t.exp());
    const whole = one.mul(2).add(notF).add(notI);
    const taken = one.add(notF).div(whole).mul(candidate(options.candidate, n));
    return { a: one.add(notI).div(whole), b: taken };
  },
  read: (h) => h,
});
