/**
 * Forward mode with what mixes units left out: each parameter keeps the influence on its own unit
 * alone, so that learning costs about what the step does, for any cell. The price is a biased
 * gradient.
 */
import { fail } from "../../errors/training.ts";
import type { Mixing } from "../../transform/unitwise.ts";
import { unitInfluence } from "../forward/influence.ts";
import { forwardMethod, type Windowed } from "../forward/method.ts";
import type { Method } from "../method.ts";

/** @throws "bad-argument" where leaves of the state have different numbers of units */
function local(name: string, mixing: Mixing, windowed: Windowed, feedback?: number): Method {
  return forwardMethod(
    {
      name,
      ...(feedback !== undefined && { feedback }),
      influence(moment) {
        const found = unitInfluence(moment, mixing);
        if (typeof found !== "string") return found;
        return fail("bad-argument", {
          where: name,
          given: `a model where ${found}`,
          expected: "one recurrent layer whose states all end in the axis of its units, or bptt()",
        });
      },
    },
    windowed,
    feedback === undefined ? {} : { feedback },
  );
}

/**
 * SnAp-1: of RTRL, what a parameter does to the unit that it first reaches, and through that unit's
 * own weight to itself. Parameters of layers before the recurrent one are credited for the moment
 * alone.
 *   S'[p, i] = (∂s'_i/∂s_i) S[p, i] + ∂s'_i/∂θ_p      p a parameter of unit i
 * Source: Menick et al. 2021, arXiv:2006.07232, section 3 with n = 1.
 * Checked: against the formula on a tanh RNN; equal to bptt for diagonal cells.
 */
export const snap1 = (options: Windowed = {}): Method => local("snap1", "diagonal", options);

/**
 * e-prop: eligibility traces that follow a unit's own memory, and not the products that mix units.
 * An error at each moment meets them through the weights of the readout.
 *   ε' = (∂s'_i/∂s_i within the unit) ε + ∂s'_i/∂θ      dL/dθ ≈ Σ_t (∂L_t/∂s_t) ε_t
 * @param feedback  seed of fixed random weights that replace those of the readout
 * Source: Bellec et al. 2020, doi:10.1038/s41467-020-17236-y, eq. 1 and 4.
 * Checked: against the formula on an LSTM; equal to bptt for diagonal cells.
 */
export const eprop = ({
  feedback,
  ...options
}: Windowed & { readonly feedback?: number } = {}): Method =>
  local("eprop", "cut", options, feedback);

/**
 * RFLO: the same traces, with fixed random weights from the error to the units. For a leaky
 * network h' = (1 − 1/τ) h + φ(h W + x U) / τ the trace of W is the rate of the unit before,
 * low-passed by the leak.
 * @param feedback  seed of the random weights
 * Source: Murray 2019, doi:10.7554/eLife.43299, eq. 8–10.
 * Checked: against the formula on a leaky network.
 */
export const rflo = ({
  feedback = 0,
  ...options
}: Windowed & { readonly feedback?: number } = {}): Method =>
  local("rflo", "cut", options, feedback);
