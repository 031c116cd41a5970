/** Closed-form continuous time: the solution of a liquid network, approximated without a solver. */
import { oneOf } from "../../errors.ts";
import { concatenate } from "../../ops/concatenate.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import type { Initial, Initialisers } from "../init.ts";
import { checkElapsed, elapsed, featuresBeside } from "./elapsed.ts";

/**
 * Closed-form continuous-time cell. A layer that all parts share sees the input and the state,
 *   s = 1.7159 tanh(⅔ ([x, h] Wb + bb)),    then with Δt the time since the last moment
 *   gate "time":   h' = (1 − τ) ∘ tanh(s Wg + bg) + τ ∘ tanh(s Wk + bk)
 *   gate "none":   h' = tanh(s Wg + bg) + τ ∘ tanh(s Wk + bk)
 *                  with τ = σ((s Wa + ba) Δt + (s Wt + bt))
 *   gate "decay":  h' = A − A ∘ exp(−Δt (|w| + |s Wg + bg|)) ∘ (s Wg + bg)
 * the last one being the solution itself. The first one moves from one target to another as time
 * passes, at a rate that depends on input and state.
 *
 * Options: size; shared (size), units of the shared layer; gate "time" (default), "none" or "decay";
 * times: whether the last feature of the input is Δt > 0 (otherwise Δt is 1).
 * Shapes: Wb [features + size, shared], bb [shared]; W [shared, 4, size], b [4, size] in the order
 * g, k, a, t ("decay": W [shared, 1, size], b [1, size]; A, w [size]); state { h: [size] }; output h.
 * Source: Hasani et al. 2022, arXiv:2106.13898, doi:10.1038/s42256-022-00556-7, the CfC, CfC-noGate
 * and Cf-S models; the shared layer's tanh: LeCun et al. 1998.
 * Checked: a loop over numbers, forward; differences, every gradient, Δt included.
 */
export const cfc = cell({
  name: "cfc",
  options: {
    shared: undefined as number | undefined,
    gate: "time" as "time" | "none" | "decay",
    times: false as boolean,
  },
  params: ({ input, size, shared = size, gate, times }, init) => {
    wholeNumber("cfc: shared", shared);
    oneOf("cfc: gate", gate, ["time", "none", "decay"]);
    const parts = gate === "decay" ? 1 : 4;
    return {
      Wb: init.glorot([featuresBeside("cfc", input, times) + size, shared]),
      bb: init.zeros([shared]),
      W: init.glorot([shared, parts, size]),
      b: init.zeros([parts, size]),
      ...limits(gate, size, init),
    };
  },
  state: ({ size }) => ({ h: [size] }),
  step({ h }, given, { Wb, bb, W, b, A, w }, { gate, times }) {
    const { x, dt } = elapsed(given, times);
    const s = concatenate([x, h])
      .dot(Wb)
      .add(bb)
      .mul(2 / 3)
      .tanh()
      .mul(1.7159);
    const parts = s.dot(W).add(b);
    let next: Tensor;
    if (A && w) {
      const g = parts.slice(0);
      next = A.sub(A.mul(w.abs().add(g.abs()).mul(dt).neg().exp()).mul(g));
    } else {
      const [g, k, a, t] = [0, 1, 2, 3].map((at) => parts.slice(at));
      const passed = a.mul(dt).add(t).logistic();
      const [from, to] = [g.tanh(), k.tanh()];
      next = gate === "none" ? from.add(passed.mul(to)) : from.add(passed.mul(to.sub(from)));
    }
    return { state: { h: next }, output: next };
  },
  check: (x, { times }, valid) => checkElapsed("cfc", x, times, valid),
});

/** What "decay" moves towards, and how fast. */
const limits = (gate: string, size: number, init: Initialisers): { A?: Initial; w?: Initial } =>
  gate === "decay" ? { A: init.ones([size]), w: init.zeros([size]) } : {};
