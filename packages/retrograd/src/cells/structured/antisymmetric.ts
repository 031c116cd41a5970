/** The forward Euler step of a differential equation that neither explodes nor forgets. */
import { activate } from "../activation.ts";
import { cell, positiveNumber } from "../cell.ts";
import { skew } from "./rotations.ts";

/**
 * h' = h + ε z ∘ tanh(h M + x Wx + b) with M = W − Wᵀ − γ I, whose eigenvalues lie near the
 * imaginary axis; z = 1, or gated z = σ(h M + x Wz + bz), which shares M.
 *
 * Options: size; dt, ε (0.01); diffusion, γ ≥ 0 (0.01); gated (false).
 * Shapes: Wx, Wz [input, size]; W [size, size]; b, bz [size]; state { h: [size] }; output h.
 * Source: Chang et al. 2019, arXiv:1902.09689, eq. 10 and 11.
 * Checked: the equations on plain numbers.
 */
export const antisymmetric = cell({
  name: "antisymmetric",
  options: { dt: 0.01 as number, diffusion: 0.01 as number, gated: false as boolean },
  params({ input, size, dt, diffusion, gated }, init) {
    positiveNumber("antisymmetric: dt", dt);
    positiveNumber("antisymmetric: diffusion", diffusion, { orZero: true });
    const gate = { Wz: init.glorot([input, size]), bz: init.zeros([size]) };
    return {
      Wx: init.glorot([input, size]),
      W: init.normal([size, size], 1 / Math.sqrt(size)),
      b: init.zeros([size]),
      ...((gated ? gate : {}) as Partial<typeof gate>),
    };
  },
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { Wx, W, b, Wz, bz }, { dt, diffusion }) {
    const fed = h.dot(skew(W)).sub(h.mul(diffusion));
    const flow = activate("tanh", fed.add(x.dot(Wx)).add(b)).mul(dt);
    const gate = Wz && bz && activate("logistic", fed.add(x.dot(Wz)).add(bz));
    const next = h.add(gate ? gate.mul(flow) : flow);
    return { state: { h: next }, output: next };
  },
});
