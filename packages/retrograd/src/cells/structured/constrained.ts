/** A cell whose weights are made of free parameters, so that they keep what is asked of them. */
import { fail } from "../../errors/layers.ts";
import { sameShape, showType } from "../../tensor/tensor.ts";
import { flattenLike, leavesOf } from "../../tensor/tree.ts";
import type { Cell } from "../cell.ts";
import { checkCell } from "../isCell.ts";

/**
 * A cell that reads θ' = constrain(θ) in the place of its parameters θ, which an optimizer may move
 * anywhere. The gradient passes through `constrain`, which is computed once for all moments.
 *   constrained(rnn({ size: 32 }), ({ Wh, ...rest }) => ({ ...rest, Wh: spectralBound(Wh, 0.99) }))
 *
 * @param cell       any cell; a stack gives an array, one entry for each of its cells
 * @param constrain  the parameters of the cell, but for a learned first state → the same tree
 * @throws "bad-argument", "tree-mismatch", "shape-mismatch"
 * Source: Miyato et al. 2018, arXiv:1802.05957, where what it keeps is a spectral norm.
 * Checked: the cell with weights that were bounded before; differences; learning keeps the bound.
 */
export function constrained<P, S>(cell: Cell<P, S>, constrain: (params: P) => P): Cell<P, S> {
  checkCell("constrained", cell);
  const { parallel } = cell;
  const kept = (params: P): P => {
    const made = constrain(params);
    const leaves = flattenLike(params, made, "what constrain returns");
    leavesOf<(typeof leaves)[0]>(params).forEach(([name, free], k) => {
      if (!sameShape(free.shape, leaves[k].shape) || free.dtype !== leaves[k].dtype)
        fail("shape-mismatch", {
          op: `constrained(${cell.name})`,
          given: `"${name}" ${showType(leaves[k])}`,
          expected: showType(free),
        });
    });
    return made;
  };
  return {
    ...cell,
    name: `constrained(${cell.name})`,
    options: { cell, constrain },
    step: (state, x, params, context) => cell.step(state, x, kept(params), context),
    ...(parallel && {
      parallel: (state, xs, params, context) => parallel(state, xs, kept(params), context),
    }),
    mapCells: undefined,
  };
}
