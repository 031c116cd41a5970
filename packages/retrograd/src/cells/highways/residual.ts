/** A cell that adds to its state instead of replacing it: the gradient has a way around it. */
import { checkOptions, fail } from "../../errors.ts";
import { isFloat } from "../../scalar/dtype.ts";
import { type Shape, showType, type Tensor, type Type } from "../../tensor/tensor.ts";
import { flatten, leavesOf, rebuild } from "../../tensor/tree.ts";
import { type Cell, positiveNumber, wholeNumber } from "../cell.ts";
import { checkCell } from "../isCell.ts";
import { isType } from "../trace.ts";
import { movedOn } from "./past.ts";

export interface ResidualOptions {
  /** How many moments back the state is taken to which is added; 1. */
  readonly over?: number;
  /** What the cell says is multiplied by it: a step of time, say; 1. */
  readonly scale?: number;
}

/**
 * h[t] = h[t − over] + scale · f(h[t − 1], x[t]), for a cell h' = f(h, x) whose state is one
 * tensor. An output that is the state follows it. What lies before the first state is zero.
 *
 * Options: over (1), scale (1).
 * Shapes: params are those of the cell; state is that of the cell, or for over > 1
 * { cell: that state, past: [over − 1, …its shape] }. Sequences that are not longer than `over` are
 * refused in training ("skip-long").
 * @throws "bad-argument" for a cell with more than one state, or options out of range
 * Source: He et al. 2016, arXiv:1512.03385, in time; over several moments: Zhang et al. 2016,
 * arXiv:1602.08210.
 * Checked: the equation on plain numbers.
 */
export function residual(cell: Cell, options: ResidualOptions = {}): Cell {
  checkCell("residual", cell);
  checkOptions("residual", options, ["over", "scale"]);
  const { over = 1, scale = 1 } = options;
  wholeNumber("residual: over", over);
  positiveNumber("residual: scale", scale);
  const typeOf = (tree: unknown) => onlyState(cell.name, tree);
  const pastOf = (type: Type): Type => ({ ...type, shape: [over - 1, ...type.shape] });
  /** The state of the cell after a moment, given what is added to. */
  const added = (state: unknown, before: Tensor, x: Tensor, params: unknown, context: any) => {
    const { state: after, output } = cell.step(state, x, params, context);
    const [value] = flatten(after);
    const next = before.add(scale === 1 ? value : value.mul(scale));
    return { next, state: rebuild(after, [next]), output: output === value ? next : output };
  };
  return {
    ...cell,
    name: `residual(${cell.name})`,
    options: { cell, over, scale },
    parallel: undefined,
    prefers: "sequential",
    skip: Math.max(over, cell.skip ?? 1),
    state(input: Shape, float) {
      const own = cell.state(input, float);
      const type = typeOf(own);
      return over === 1 ? own : { cell: own, past: pastOf(type) };
    },
    learned: (params) => (over === 1 ? cell.learned(params) : { cell: cell.learned(params) }),
    step(state, x, params, context) {
      const { cell: own, past }: { cell: unknown; past?: Tensor } =
        over === 1 ? { cell: state } : state;
      const [now] = flatten(own);
      const before = past ? past.at(0) : now;
      const { state: after, output } = added(own, before, x, params, context);
      return { state: past ? { cell: after, past: movedOn(past, now) } : after, output };
    },
  };
}

/** @throws "bad-argument" unless a tree of types is one float */
function onlyState(name: string, tree: unknown): Type {
  const leaves = leavesOf<Type>(tree, isType);
  const [[, type] = []] = leaves;
  if (leaves.length !== 1 || !type || !isFloat(type.dtype))
    fail("bad-argument", {
      where: "residual",
      given: `the cell ${name} with the state ${leaves.map(([p, t]) => `${p} ${showType(t)}`).join(", ")}`,
      expected: "a cell whose state is one tensor of floats, such as rnn or gru",
    });
  return type;
}
