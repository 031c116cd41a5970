/** A cell that is fed its state of several moments ago: a short way through a long time. */
import { scan } from "../../loops/scanTree.ts";
import { broadcastTo } from "../../ops/broadcast.ts";
import { cumsum } from "../../ops/cumulative.ts";
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { sum } from "../../ops/reductions.ts";
import { pad } from "../../ops/slicing.ts";
import { scatterAdd, take } from "../../ops/take.ts";
import { add, index, less, mul, slot } from "../../scalar/index.ts";
import { type Tensor, type Type, tensor } from "../../tensor/tensor.ts";
import { flatten, mapTree, rebuild } from "../../tensor/tree.ts";
import { batch } from "../../transform/api.ts";
import { inOrder } from "../attention/ring.ts";
import { type Cell, type Sequence, type SequenceContext, wholeNumber } from "../cell.ts";
import { checkCell } from "../isCell.ts";
import { isType } from "../trace.ts";
import { movedOn } from "./past.ts";

/**
 * (h[t], y[t]) = f(h[t − steps], x[t]), for any cell f: as many recurrences as steps, interleaved,
 * each `steps` times as short. A stack with 1, 2, 4, … steps reads all of a long past.
 *
 * Whole sequences take the recurrences side by side, in time / steps turns; a stream goes moment
 * by moment.
 * Shapes: params are those of the cell; every state [steps, …its shape], oldest first. Sequences
 * that are not longer than that read first states alone; in training they are refused ("skip-long").
 * @throws "bad-argument" unless steps is a whole number ≥ 1
 * Source: Chang et al. 2017, arXiv:1710.02224, eq. 2 and section 4.
 * Checked: the cell run over every `steps`-th moment; both forms, with padding anywhere.
 */
export function dilated(cell: Cell, steps: number): Cell {
  checkCell("dilated", cell);
  wholeNumber("dilated: steps", steps);
  const wide = (type: Type): Type => ({ ...type, shape: [steps, ...type.shape] });
  return {
    ...cell,
    name: `dilated(${cell.name}, ${steps})`,
    options: { cell, steps },
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
    parallel: (state, xs, params, context) => sideBySide(cell, steps, state, xs, params, context),
    prefers: "parallel",
    skip: steps * (cell.skip ?? 1),
  };
}

/** Moment i · steps + j is turn i of recurrence j. */
function sideBySide(
  cell: Cell,
  steps: number,
  state: unknown,
  xs: Tensor,
  params: unknown,
  { train, noise, valid }: SequenceContext,
): Sequence<any> {
  const [time] = xs.shape;
  const turns = Math.ceil(time / steps);
  const count = valid
    ? sum(valid.cast("int32"))
    : tensor(Int32Array.of(time), { shape: [], dtype: "int32" });
  // Moments that are valid are those that count; all others go to one place behind them.
  const place = valid && where(valid, cumsum(valid.cast("int32")).sub(1), turns * steps);
  const inTurns = (t: Tensor): Tensor => {
    const rest = t.shape.slice(1);
    const whole = place
      ? scatterAdd(t, place, turns * steps + 1).slice([0, turns * steps])
      : pad(t, [[0, turns * steps - time], ...rest.map(() => [0, 0] as const)]);
    return whole.reshape([turns, steps, ...rest]);
  };
  const isMoment = less(add(mul(index("i"), steps), index("j")), slot(0));
  const isWhole = !valid && time === turns * steps;
  const mask = isWhole
    ? undefined
    : map("->ij", isMoment, [count], { sizes: { i: turns, j: steps }, name: "mask" });
  const step = (own: unknown, moment: Moment, shared: unknown) =>
    batch((s: unknown, { x, noise }: Moment) => cell.step(s, x, shared, { train, noise }))(
      own,
      moment,
    );
  const ran = scan(step, state, mapTree({ x: xs, noise }, inTurns) as Moment, params, { mask });
  const shown = ran.outputs.reshape([turns * steps, ...ran.outputs.shape.slice(2)]);
  const none = shown.shape.slice(1).map(() => [0, 0] as const);
  return {
    state: mapTree(ran.state, (rows: Tensor) => inOrder(rows, count)),
    outputs: place ? take(pad(shown, [[0, 1], ...none]), place) : shown.slice([0, time]),
  };
}

interface Moment {
  readonly x: Tensor;
  readonly noise: any;
}
