/**
 * Forward mode: how the state depends on the parameters is carried along, so that credit needs no
 * way back. Exact; memory does not grow with the sequence, and a stream can be learned as it comes.
 */
import { fail } from "../../errors/methods.ts";
import { denseInfluence, type Influence, unitInfluence } from "../forward/influence.ts";
import { forwardMethod, type Windowed } from "../forward/method.ts";
import type { Moment } from "../forward/moment.ts";
import type { Method } from "../method.ts";

export interface ForwardOptions extends Windowed {
  /** Bytes that the influence of all rows may take; 256 MiB. */
  readonly limit?: number;
}

/**
 * Real-time recurrent learning (RTRL), exact.
 *   S' = (∂s'/∂s) S + ∂s'/∂θ      dL/dθ = Σ_t (∂L_t/∂s_t) S_t + ∂L_t/∂θ
 *
 * Where no unit of the state depends on another one (a diagonal recurrence: one layer, whose own
 * parameters each move one unit) S has one number for each parameter, and a step costs a few times
 * what it costs without learning. Otherwise it has n · P numbers for a state of n and P parameters,
 * and a step costs n² P: small models only, larger ones are refused with the numbers.
 *
 * With a window there is an update after each, and state and influence go on; parameters that
 * change within a sequence leave in S a trace of their older values, small for small steps.
 * Without one there is one update for each batch, as in bptt, along the gradient of bptt.
 *
 * @throws "influence-size" beyond the limit; "bad-argument" for a model with dropout, one that
 *   reads both ways, or one whose loss is not over time
 * Source: Williams and Zipser 1989, doi:10.1162/neco.1989.1.2.270; diagonal recurrences: Zucchet et
 * al. 2023, arXiv:2305.15947.
 * Checked: equal to bptt to 1e-10 in float64, for dense and for diagonal cells.
 */
export const forward = ({ limit = 2 ** 28, ...windowed }: ForwardOptions = {}): Method =>
  forwardMethod(
    {
      name: "forward",
      influence(moment, rows) {
        const units = unitInfluence(moment, "refuse");
        if (typeof units !== "string") return units;
        const dense = denseInfluence(moment);
        checkSize(dense, moment, rows, limit, units);
        return dense;
      },
    },
    windowed,
    { limit },
  );

function checkSize(
  { size, tracked }: Influence,
  { state, params }: Moment,
  rows: number,
  limit: number,
  reason: string,
): void {
  const bytes = size * rows * (state[0]?.dtype === "float64" ? 8 : 4);
  if (bytes <= limit) return;
  const count = (list: readonly { size: number }[]) => list.reduce((n, t) => n + t.size, 0);
  fail("influence-size", {
    state: count(state),
    params: count(tracked.map((p) => params[p])),
    rows,
    bytes,
    limit,
    reason,
  });
}
