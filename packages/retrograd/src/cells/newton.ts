/** Any cell over all moments at once: rounds of Newton's method instead of steps. */
import { parallelScan } from "../jit/learned.ts";
import type { ParallelScanOptions } from "../loops/parallelScan.ts";
import { flatten } from "../tensor/tree.ts";
import { type Cell, inStepOf } from "./cell.ts";
import { checkCell } from "./isCell.ts";
import { sequenceOf } from "./sequence.ts";

/**
 * A cell whose whole sequences are run by `parallelScan`, which needs no parallel form of its own;
 * a stack is run cell by cell. Steps and streams stay as they are, and the results agree to the
 * tolerance.
 * @param options  method "deer" (default) or "quasi-deer", tolerance, rounds
 * @throws "dtype-mismatch" when a state is not floats of one dtype
 * Source: Lim et al. 2023, arXiv:2309.12252.
 * Checked: an LSTM, a GRU and a stack against their steps, gradients too.
 */
export function newton<P, S>(
  cell: Cell<P, S>,
  options: Omit<ParallelScanOptions, "mask"> = {},
): Cell<P, S> {
  checkCell("newton", cell);
  if (cell.mapCells) return cell.mapCells((one) => newton(one, options));
  return {
    ...cell,
    prefers: "parallel",
    parallel(state, xs, params, context) {
      const { train, noise: noises, valid } = context;
      // Without a state there is nothing to find.
      if (flatten(state).length === 0)
        return sequenceOf({ ...cell, parallel: undefined }, state, xs, params, context);
      const step = (s: S, { x, noise }: { x: typeof xs; noise: unknown }, p: P) =>
        inStepOf(cell.name, () => cell.step(s, x, p, { train, noise }));
      const mask = valid && { mask: valid };
      const series = { x: xs, noise: noises };
      return parallelScan(step, state, series, params, { ...options, ...mask });
    },
  };
}
