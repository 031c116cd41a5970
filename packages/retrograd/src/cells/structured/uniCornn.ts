/** Independent oscillators without friction: a step that can be undone, and loses nothing. */
import { cell, positiveNumber } from "../cell.ts";
import { uniforms } from "../draw.ts";
import { Initial } from "../init.ts";

/**
 * y″ = −s² (tanh(w ∘ y + x Wx + b) + α y), by a symplectic step of length Δt s, s = σ(c) for each
 * unit, which is learned:
 *   v' = v − Δt s ∘ (tanh(w ∘ y + x Wx + b) + α y)      y' = y + Δt s ∘ v'
 * Units feed back to themselves alone; `stack` couples them through the layers above.
 *
 * Options: size; dt, Δt (0.19); stiffness, α ≥ 0 (30.65). A step is stable where
 * Δt² s² (α + w) < 4.
 * Shapes: Wx [input, size]; w, b, c [size]; state { y, v: [size] }; output y.
 * Source: Rusch and Mishra 2021, arXiv:2103.05487, eq. 4; the defaults are theirs for permuted
 * sequential MNIST.
 * Checked: the equations on plain numbers; run backwards, it returns to where it began.
 */
export const uniCornn = cell({
  name: "uniCornn",
  options: { dt: 0.19 as number, stiffness: 30.65 as number },
  params({ input, size, dt, stiffness }, init) {
    positiveNumber("uniCornn: dt", dt);
    positiveNumber("uniCornn: stiffness", stiffness, { orZero: true });
    return {
      // Smaller than for a rectifier, as the authors draw it: sums over time are large already.
      Wx: init.uniform([input, size], Math.sqrt(6 / (65 * input))),
      w: new Initial([size], "uniform", (key) => uniforms(key, size, 0, 1)),
      b: init.zeros([size]),
      c: init.uniform([size], 0.1),
    };
  },
  state: ({ size }) => ({ y: [size], v: [size] }),
  step({ y, v }, x, { Wx, w, b, c }, { dt, stiffness }) {
    const scale = c.logistic().mul(dt);
    const force = w.mul(y).add(x.dot(Wx)).add(b).tanh().add(y.mul(stiffness));
    const nextV = v.sub(scale.mul(force));
    const nextY = y.add(scale.mul(nextV));
    return { state: { y: nextY, v: nextV }, output: nextY };
  },
});
