/** Coupled oscillators, damped and driven: gradients through time stay bounded. */
import { cell, positiveNumber } from "../cell.ts";

/**
 * y″ = tanh(y W + y′ Wv + x Wx + b) − γ y − ε y′, by an implicit-explicit step of length Δt:
 *   v' = v + Δt (tanh(y W + v Wv + x Wx + b) − γ y − ε v)      y' = y + Δt v'
 *
 * Options: size; dt, Δt (0.042); stiffness, γ (2.7), which sets the frequencies; damping, ε (4.7).
 * Shapes: Wx [input, size]; W, Wv [size, size]; b [size]; state { y, v: [size] }; output y.
 * Source: Rusch and Mishra 2021, arXiv:2010.00951, eq. 3, with the damping of the old velocity;
 * the defaults are theirs for sequential MNIST.
 * Checked: the equations on plain numbers; an undriven unit against its damped cosine.
 */
export const coRnn = cell({
  name: "coRnn",
  options: { dt: 0.042 as number, stiffness: 2.7 as number, damping: 4.7 as number },
  params({ input, size, dt, stiffness, damping }, init) {
    positiveNumber("coRnn: dt", dt);
    positiveNumber("coRnn: stiffness", stiffness);
    positiveNumber("coRnn: damping", damping, { orZero: true });
    const bound = 1 / Math.sqrt(2 * size + input);
    return {
      Wx: init.uniform([input, size], bound),
      W: init.uniform([size, size], bound),
      Wv: init.uniform([size, size], bound),
      b: init.zeros([size]),
    };
  },
  state: ({ size }) => ({ y: [size], v: [size] }),
  step({ y, v }, x, { Wx, W, Wv, b }, { dt, stiffness, damping }) {
    const driven = y.dot(W).add(v.dot(Wv)).add(x.dot(Wx)).add(b).tanh();
    const nextV = v.add(driven.sub(y.mul(stiffness)).sub(v.mul(damping)).mul(dt));
    const nextY = y.add(nextV.mul(dt));
    return { state: { y: nextY, v: nextV }, output: nextY };
  },
});
