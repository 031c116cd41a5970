/**
 * The block in which linear recurrences are stacked: they mix moments, and a gated network between
 * them bends what they say. Both add to a stream that runs past them.
 */
import { fail } from "../errors/layers.ts";
import { checkOptions } from "../errors.ts";
import { normalise } from "../ops/normalise.ts";
import { showShape } from "../tensor/tensor.ts";
import { type Cell, wholeNumber } from "./cell.ts";
import { composite } from "./composite.ts";
import { init } from "./init.ts";
import { checkCell } from "./isCell.ts";

export interface BlockOptions {
  /** Width of the gated network; twice that of the input by default. */
  readonly hidden?: number;
  /** Added to the variances of the norms; 1e-5 by default. */
  readonly epsilon?: number;
}

/**
 * A cell, as a cell with a norm before it, a gated network behind it, and a way past both:
 *   u = x + cell(norm₁(x))
 *   y = u + (gelu(n Wg) ∘ n Wv) Wo,   n = norm₂(u)
 * `stack(block(lru({ size: 64 })), block(lru({ size: 64 })))` is a model of two layers; what comes
 * in has the size of the cell already, by a `dense` before it. It has a form over all moments at
 * once where the cell has one.
 * Shapes: norms { scale, shift } [n], W [n, 2, hidden] (g, v), Wo [hidden, n]; output as the input.
 * @throws "bad-argument" where the output of the cell has not the size of its input
 * Source: pre-norm residual: Xiong et al. 2020, arXiv:2002.04745; gated network: Shazeer 2020,
 * arXiv:2002.05202; around a recurrence: De et al. 2024, arXiv:2402.19427, section 2.
 * Checked: a loop over numbers in float64.
 */
export function block(mixer: Cell, options: BlockOptions = {}): Cell {
  checkCell("block", mixer);
  checkOptions("block", options, ["hidden", "epsilon"]);
  const { hidden, epsilon = 1e-5 } = options;
  if (hidden !== undefined) wholeNumber("block: hidden", hidden);
  const name = `block(${mixer.name})`;
  return composite({
    name,
    options: { mixer, hidden, epsilon },
    input: mixer.input,
    cells: { mixer },
    params(shape) {
      const n = shape[shape.length - 1];
      const width = hidden ?? 2 * n;
      const norm = () => ({ scale: init.ones([n]), shift: init.zeros([n]) });
      return {
        norms: [norm(), norm()],
        W: init.glorot([n, 2, width]),
        Wo: init.glorot([width, n]),
      };
    },
    flow(x, { norms: [before, between], W, Wo }, through) {
      const mixed = through.mixer(normalise(x, before.scale, before.shift, epsilon));
      if (showShape(mixed.shape) !== showShape(x.shape))
        fail("bad-argument", {
          where: name,
          given: `an input ${showShape(x.shape)} for a cell whose output is ${showShape(mixed.shape)}`,
          expected: "an input and an output of one size, such as by a dense layer before the block",
        });
      const u = x.add(mixed);
      const n = normalise(u, between.scale, between.shift, epsilon);
      const gate = n.dot(W.slice(null, 0)).gelu();
      return u.add(gate.mul(n.dot(W.slice(null, 1))).dot(Wo));
    },
  });
}
