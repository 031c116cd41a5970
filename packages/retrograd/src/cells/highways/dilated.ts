/** A cell that is fed its state of several moments ago: a short way through a long time. */
import { broadcastTo } from "../../ops/broadcast.ts";
import type { Tensor, Type } from "../../tensor/tensor.ts";
import { flatten, mapTree, rebuild } from "../../tensor/tree.ts";
import { type Cell, wholeNumber } from "../cell.ts";
import { isType } from "../trace.ts";
import { movedOn } from "./past.ts";

/**
 * (h[t], y[t]) = f(h[t − steps], x[t]), for any cell f: as many recurrences as steps, interleaved,
 * each `steps` times as short. A stack with 1, 2, 4, … steps reads all of a long past.
 *
 * Shapes: params are those of the cell; every state [steps, …its shape], oldest first. More steps
 * than a sequence has make the first states the only ones that are read.
 * @throws "bad-argument" unless steps is a whole number ≥ 1
 * Source: Chang et al. 2017, arXiv:1710.02224, eq. 2.
 * Checked: the cell run over every `steps`-th moment.
 */
export function dilated(cell: Cell, steps: number): Cell {
  wholeNumber("dilated: steps", steps);
  const wide = (type: Type): Type => ({ ...type, shape: [steps, ...type.shape] });
  return {
    ...cell,
    name: `dilated(${cell.name}, ${steps})`,
    options: { cell, steps },
    parallel: undefined,
    prefers: "sequential",
    state: (input, float) => mapTree(cell.state(input, float), wide, isType),
    learned(params) {
      const first = cell.learned(params);
      return first && mapTree(first, (t: Tensor) => broadcastTo(t, [steps, ...t.shape]));
    },
    step(state, x, params, context) {
      const oldest = mapTree(state, (past: Tensor) => past.at(0));
      const { state: next, output } = cell.step(oldest, x, params, context);
      const rows = flatten(state).map((past, k) => movedOn(past, flatten(next)[k]));
      return { state: rebuild(state, rows), output };
    },
  };
}
