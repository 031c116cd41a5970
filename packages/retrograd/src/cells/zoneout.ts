/** A cell whose state is now and then held: dropout that keeps the way of the gradient open. */
import { checkOptions } from "../errors.ts";
import { where } from "../ops/elementwise.ts";
import { isFloat } from "../scalar/dtype.ts";
import type { Tensor, Type } from "../tensor/tensor.ts";
import { leavesOf, mapTree } from "../tensor/tree.ts";
import type { Cell } from "./cell.ts";
import { checkCell } from "./isCell.ts";
import { checkRate } from "./stack.ts";
import { isType } from "./trace.ts";

/** One rate for every state, or one for each by name: { h: 0.05, c: 0.5 }. */
export type ZoneoutRates = number | Readonly<Record<string, number>>;

/**
 * Zoneout: in training each unit keeps its old state with probability `rate`, otherwise it moves
 * on; elsewhere it moves by the mean, h' = rate · h + (1 − rate) · step(h). An output that is one
 * of the states (as h of an LSTM is) follows it.
 * Source: Krueger et al. 2017, arXiv:1606.01305.
 */
export function zoneout(cell: Cell, rates: ZoneoutRates): Cell {
  checkCell("zoneout", cell);
  const rateOf = (path: string): number => (typeof rates === "number" ? rates : (rates[path] ?? 0));
  for (const rate of typeof rates === "number" ? [rates] : Object.values(rates))
    checkRate("zoneout", rate);
  return {
    ...cell,
    draws: true,
    // What a unit holds depends on the step before it.
    parallel: undefined,
    mapCells: undefined,
    prefers: "sequential",
    state(input, float) {
      const types = cell.state(input, float);
      const names = leavesOf(types, isType).map(([path]) => path);
      if (typeof rates !== "number") checkOptions("zoneout", rates, names);
      return types;
    },
    noise: (input) => ({
      cell: cell.noise(input),
      hold: mapTree(cell.state(input, "float32"), (type: Type) => type.shape, isType),
    }),
    step(state, x, params, { train, noise }) {
      const next = cell.step(state, x, params, { train, noise: noise?.cell });
      const before = new Map(leavesOf<Tensor>(state));
      const draws = new Map(noise ? leavesOf<Tensor>(noise.hold) : []);
      let output = next.output;
      const held = mapTree(next.state, (after: Tensor, path) => {
        const rate = rateOf(path);
        if (rate === 0 || !isFloat(after.dtype)) return after;
        const kept = hold(before.get(path)!, after, rate, draws.get(path));
        if (after === next.output) output = kept;
        return kept;
      });
      return { state: held, output };
    },
  };
}

const hold = (before: Tensor, after: Tensor, rate: number, draw: Tensor | undefined): Tensor =>
  draw ? where(draw.less(rate), before, after) : before.mul(rate).add(after.mul(1 - rate));
