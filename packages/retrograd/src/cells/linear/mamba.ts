/** Mamba: the selective state space in its block. */

import { checkOptions } from "../../errors.ts";
import { type Cell, type CellOptions, wholeNumber } from "../cell.ts";
import { composite } from "../composite.ts";
import { init } from "../init.ts";
import { causalConvolution } from "./causalConvolution.ts";
import { selective } from "./selective.ts";

export interface MambaOptions extends CellOptions {
  /** How many times wider than `size` it is inside; 2. */
  readonly expand?: number;
  /** Numbers that the state has for each feature inside; 16. */
  readonly states?: number;
  /** How many moments the convolution sees; 4. */
  readonly width?: number;
  /** Rank of the map from features to steps; size / 16. */
  readonly rank?: number;
}

/**
 * Mamba: projection, convolution over the last inputs, selective state space, gate.
 *   u = x Wu   z = x Wz
 *   s = selective(silu(convolution(u)))
 *   y = (s ∘ silu(z)) Wo
 *
 * Options: size, of the output; expand (2), states (16), width (4), rank.
 * Shapes, with inner = expand · size: W [input, 2, inner] (u, z), Wo [inner, size], and the
 * parameters of `causalConvolution` and `selective` under the names convolution and ssm; state
 * { convolution: { past: [width − 1, inner] }, ssm: { h: [inner, states] } }; output [size].
 * Source: Gu and Dao 2023, arXiv:2312.00752, section 3.4 and figure 3.
 * Checked: a loop over numbers in float64.
 */
export function mamba(options: MambaOptions): Cell {
  const { size, input, initial, expand = 2, states = 16, width = 4, ...rest } = options;
  checkOptions("mamba", rest, ["rank"]);
  const sizes = { size, expand, states, width, ...rest };
  for (const [key, value] of Object.entries({ ...sizes, ...(input !== undefined && { input }) }))
    wholeNumber(`mamba: ${key}`, value);
  const { rank = Math.ceil(size / 16) } = rest;
  const inner = { size: expand * size, input: expand * size, initial };
  return composite({
    name: "mamba",
    options: { ...sizes, rank, input, initial: initial ?? "zero" },
    input,
    cells: {
      convolution: causalConvolution({ ...inner, width }),
      ssm: selective({ ...inner, states, rank }),
    },
    params: (shape) => ({
      W: init.glorot([shape[shape.length - 1], 2, inner.size]),
      Wo: init.glorot([inner.size, size]),
    }),
    flow(x, { W, Wo }, through) {
      const u = x.dot(W.slice(null, 0));
      const z = x.dot(W.slice(null, 1));
      const said = through.ssm(through.convolution(u).silu());
      return said.mul(z.silu()).dot(Wo);
    },
  });
}
