/** Leaky integrators: units that forget at a rate of their own, which may be a time constant. */
import { fail } from "../../errors/layers.ts";
import { activate } from "../activation.ts";
import { cell, positiveNumber } from "../cell.ts";
import type { Initial } from "../init.ts";

/**
 * The share of a state that is left after Δt: f = e^(−Δt/τ).
 * @throws "bad-argument" unless both are above 0
 */
export const retentionOf = (tau: number, dt = 1): number =>
  Math.exp(-positiveNumber("retentionOf: dt", dt) / positiveNumber("retentionOf: tau", tau));

/**
 * The time in which a state falls to 1/e of itself, from the share f left after Δt: τ = −Δt / ln f.
 * @throws "bad-argument" unless 0 < f < 1 and Δt is above 0
 */
export function timeConstantOf(retention: number, dt = 1): number {
  positiveNumber("timeConstantOf: dt", dt);
  if (!(retention > 0 && retention < 1))
    fail("bad-argument", {
      where: "timeConstantOf: retention",
      given: String(retention),
      expected: "a share between 0 and 1",
    });
  return -dt / Math.log(retention);
}

/**
 * h' = f h + (1 − f) a(x Wx + h Wh + b), f = e^(−Δt/τ): the exact solution over Δt of
 * τ h′ = −h + a(…) where the drive does not change.
 *
 * Options: size; tau, τ in the unit of dt (10); dt, the time between two moments (1); learned
 * (false): each unit learns the logarithm of its τ; activation "tanh" (default), "linear" or any
 * other of `activations`.
 * Shapes: Wx [input, size], Wh [size, size], b [size], logTau [size] where it is learned; state
 * { h: [size] }; output h.
 * Source: Jaeger et al. 2007, doi:10.1016/j.neunet.2007.04.016; learned time constants: Tallec
 * and Ollivier 2018, arXiv:1804.11188, section 1.
 * Checked: the equations on plain numbers; the decay of an undriven unit over τ is 1/e.
 */
export const leaky = cell({
  name: "leaky",
  options: {
    tau: 10 as number,
    dt: 1 as number,
    learned: false as boolean,
    activation: "tanh" as string,
  },
  params({ input, size, tau, dt, learned }, init) {
    positiveNumber("leaky: tau", tau);
    positiveNumber("leaky: dt", dt);
    return {
      Wx: init.glorot([input, size]),
      Wh: init.orthogonal([size, size]),
      b: init.zeros([size]),
      ...((learned ? { logTau: init.values([size], () => Math.log(tau)) } : {}) as {
        logTau?: Initial;
      }),
    };
  },
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { Wx, Wh, b, logTau }, { tau, dt, activation }) {
    const drive = activate(activation, x.dot(Wx).add(h.dot(Wh)).add(b));
    const retention = logTau ? logTau.neg().exp().mul(-dt).exp() : retentionOf(tau, dt);
    const next = drive.add(h.sub(drive).mul(retention));
    return { state: { h: next }, output: next };
  },
});
