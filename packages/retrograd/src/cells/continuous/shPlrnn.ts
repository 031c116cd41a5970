/** A piecewise linear network for dynamical systems that are to be reconstructed from data. */
import { fail } from "../../errors/layers.ts";
import { concatenate } from "../../ops/concatenate.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import type { Initial } from "../init.ts";

/**
 * Shallow piecewise linear recurrence, one hidden layer wide:
 *   z' = a ∘ z + relu(z W2 + h2) W1 + h1 + x C
 *   clipped:  relu(z W2 + h2) − relu(z W2)  in the place of relu(z W2 + h2): z stays bounded where
 *   |a| < 1
 * With `forcing` α, x is no input but an observation of the first units of z: before the step,
 * z ← α x + (1 − α) z there, and the first units of the output predict the next x. That is
 * generalised teacher forcing, which keeps gradients of chaotic systems bounded; α = 1 is teacher
 * forcing. A model runs freely when its own prediction is what comes in next.
 *
 * Options: size; hidden (4 · size); clipped (false); forcing, from 0 to 1; undefined, the default:
 * x is an external input.
 * Shapes: a [size], W2 [size, hidden], h2 [hidden], W1 [hidden, size], h1 [size], C [input, size]
 * (without forcing); state { z: [size] }; output z'.
 * Source: Hess et al. 2023, arXiv:2306.04406, section 3 (generalised teacher forcing, the shallow
 * PLRNN and its clipped form).
 * Checked: a loop over numbers, forward; differences, every gradient; the clipped form stays
 * bounded.
 */
export const shPlrnn = cell({
  name: "shPlrnn",
  options: {
    hidden: undefined as number | undefined,
    clipped: false as boolean,
    forcing: undefined as number | undefined,
  },
  params: ({ input, size, hidden = 4 * size, forcing }, init) => {
    wholeNumber("shPlrnn: hidden", hidden);
    checkForcing(forcing, input, size);
    return {
      a: init.uniform([size], 0.9),
      W2: init.uniform([size, hidden], 1 / Math.sqrt(size)),
      h2: init.uniform([hidden], 1),
      W1: init.uniform([hidden, size], 1 / Math.sqrt(hidden)),
      h1: init.zeros([size]),
      ...((forcing === undefined ? { C: init.glorot([input, size]) } : {}) as { C?: Initial }),
    };
  },
  state: ({ size }) => ({ z: [size] }),
  step({ z: before }, x, { a, W2, h2, W1, h1, C }, { clipped, forcing }) {
    const z = forcing === undefined ? before : forced(before, x, forcing);
    const entering = z.dot(W2);
    const open = entering.add(h2).relu();
    const bent = (clipped ? open.sub(entering.relu()) : open).dot(W1);
    const next = a.mul(z).add(bent).add(h1);
    const moved = C ? next.add(x.dot(C)) : next;
    return { state: { z: moved }, output: moved };
  },
});

/** z with its first units moved towards what was observed. */
function forced(z: Tensor, x: Tensor, alpha: number): Tensor {
  const [observed] = x.shape;
  const first = x.mul(alpha).add(z.slice([0, observed]).mul(1 - alpha));
  return observed === z.shape[0] ? first : concatenate([first, z.slice([observed, null])]);
}

/** @throws "bad-argument" unless 0 ≤ α ≤ 1 and every observed number has a unit */
function checkForcing(forcing: number | undefined, input: number, size: number): void {
  if (forcing === undefined) return;
  if (!(forcing >= 0 && forcing <= 1))
    fail("bad-argument", {
      where: "shPlrnn: forcing",
      given: String(forcing),
      expected: "a share from 0 to 1",
    });
  if (input > size)
    fail("bad-argument", {
      where: "shPlrnn: size",
      given: `${size} units for observations of ${input} numbers`,
      expected: `at least ${input}, one for each observed number`,
    });
}
