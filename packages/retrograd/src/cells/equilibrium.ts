/** A cell run to rest within each moment: infinitely many steps at the price of a solver. */
import { fixedPoint } from "../jit/learned.ts";
import type { FixedPointOptions } from "../loops/fixedPoint.ts";
import type { Cell } from "./cell.ts";
import { checkCell } from "./isCell.ts";
import { withoutInitial } from "./trace.ts";
import { start } from "./unroll.ts";

/**
 * A deep equilibrium model: the cell's step is repeated with one input until its state rests, and
 * the gradient is that of the resting state.
 *   z = step(z, x)      output = that of the step at z
 * It carries nothing from moment to moment. Where the step pulls to no point the output is the last
 * one tried: see `spectralRadius` and `jacobianPenalty`.
 *
 * @param cell     any cell whose state is floats, without dropout
 * @param options  of `fixedPoint`: solver, backward, tolerance, steps
 * Source: Bai et al. 2019, arXiv:1909.01377.
 * Checked: equal to the cell unrolled 200 times over a constant input, gradients too.
 */
export function equilibrium<P>(cell: Cell<P>, options: FixedPointOptions = {}): Cell<P> {
  checkCell("equilibrium", cell);
  return {
    name: `equilibrium(${cell.name})`,
    options: { cell, ...options },
    input: cell.input,
    draws: false,
    params: (input) => withoutInitial(cell.params(input)),
    state: () => ({}),
    noise: () => ({}),
    learned: () => undefined,
    prefers: "sequential",
    step(state, x, params) {
      const context = { train: false, noise: undefined };
      const types = cell.state(x.shape, x.dtype);
      const rest = fixedPoint(
        (z: any, p: P) => cell.step(z, x, p, context).state,
        start(types, undefined, undefined),
        params,
        options,
      );
      return { state, output: cell.step(rest.state, x, params, context).output };
    },
  };
}
