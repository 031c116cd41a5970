/** Backpropagation through time: the exact gradient of every batch, from first step to last. */
import { valueAndGrad } from "../../transform/derivatives.ts";
import { meanOf } from "../losses/loss.ts";
import { forward, type Learned, type Lesson, type Method } from "../method.ts";

/**
 * Backpropagation through time over whole sequences: each batch begins from the first state.
 * Source: Werbos 1990, doi:10.1109/5.58337.
 */
export const bptt = (): Method => ({
  name: "bptt",
  settings: {},
  carries: false,
  init: () => ({}),
  learn: (lesson, params) => ({ ...exact(lesson, params, () => undefined), state: {} }),
});

/**
 * Loss and exact gradient of a batch.
 * @param entering  the state to begin from; it may depend on the parameters
 */
export const exact = (lesson: Lesson, params: any, entering: (params: any) => any): Learned =>
  gradientOf(params, (p) => forward(lesson, p, entering(p)));

/** The mean that `run` finds with some parameters, its gradient, and the state after it. */
export function gradientOf(params: any, run: (params: any) => Omit<Learned, "grads">): Learned {
  const differentiated = valueAndGrad(
    (p: any) => {
      const { mean, state } = run(p);
      return [meanOf(mean), { mean, state }] as const;
    },
    { hasAux: true },
  );
  const [[, { mean, state }], grads] = differentiated(params);
  return { mean, grads, state };
}
