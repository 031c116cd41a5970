/** Several cells as one: each reads the output of the one before, within the same moment. */
import { fail } from "../errors/layers.ts";
import { checkOptions } from "../errors.ts";
import { where } from "../ops/elementwise.ts";
import type { DType } from "../scalar/dtype.ts";
import { type Shape, sameShape, showShape, type Tensor } from "../tensor/tensor.ts";
import { type Cell, inStepOf } from "./cell.ts";
import { checkCell } from "./isCell.ts";
import { sequenceOf } from "./sequence.ts";
import { typesOfCell } from "./trace.ts";

export interface StackOptions {
  /** Rate at which what passes between two cells is dropped in training. */
  readonly dropout?: number;
  /** Whether each cell but the first adds what it says to what it hears; false. */
  readonly residual?: boolean;
}

/**
 * Cells one above the other, in every moment:
 *   y₀ = cell₀(x)    yₖ = cellₖ(d(yₖ₋₁))    residual: yₖ = yₖ₋₁ + cellₖ(d(yₖ₋₁))
 * Params and state are arrays, one entry for each cell. With dropout, d multiplies what passes
 * between two cells by a mask of its own in each moment, and by 1 / (1 − rate); the way past a cell
 * is not dropped.
 * @throws "bad-argument", also where a residual stack has outputs of several shapes
 * Source: Zaremba et al. 2014, arXiv:1409.2329 (dropout between layers, not in time); residual: Wu
 * et al. 2016, arXiv:1609.08144, eq. 6.
 * Checked: PyTorch's GRU with two layers; residual ones against the equations on plain numbers.
 */
export function stack(...given: readonly (Cell | StackOptions)[]): Cell<any[], any[]> {
  const last = given.at(-1);
  const options: StackOptions = isOptions(last) ? last : {};
  const cells = (last === options ? given.slice(0, -1) : given) as readonly Cell[];
  checkStack(cells, options);
  const { dropout: rate = 0, residual = false } = options;
  const flows = (input: Shape): Shape[] => {
    const shapes = [input];
    for (const cell of cells) {
      const [below] = shapes.slice(-1);
      const output = outputOf(cell, below);
      if (residual && shapes.length > 1) checkAdded(cell, below, output);
      shapes.push(output);
    }
    return shapes;
  };
  /** What cell k hears of y, what the cell before it says. */
  const heard = (k: number, y: Tensor, noise: any): Tensor =>
    k > 0 && noise && rate > 0 ? dropped(y, noise.between[k - 1], rate) : y;
  const said = (k: number, y: Tensor, own: Tensor): Tensor =>
    residual && k > 0 ? y.add(own) : own;
  const each = <T>(input: Shape, f: (cell: Cell, shape: Shape) => T): T[] => {
    const shapes = flows(input);
    return cells.map((cell, k) => f(cell, shapes[k]));
  };
  return {
    name: `stack(${cells.map((cell) => cell.name).join(", ")})`,
    options: { cells, dropout: rate, residual },
    input: cells[0].input,
    draws: rate > 0 || cells.some((cell) => cell.draws),
    params: (input) => each(input, (cell, shape) => cell.params(shape)),
    state: (input, float) => each(input, (cell, shape) => cell.state(shape, float)),
    learned: (params) => cells.map((cell, k) => cell.learned(params[k])),
    noise: (input) => ({
      cells: each(input, (cell, shape) => cell.noise(shape)),
      ...(rate > 0 && { between: Object.fromEntries(flows(input).slice(1, -1).entries()) }),
    }),
    check: cells[0].check,
    mapCells: (change) => stack(...cells.map(change), options),
    prefers: cells.some((cell) => cell.prefers === "parallel") ? "parallel" : "sequential",
    skip: Math.max(...cells.map((cell) => cell.skip ?? 1)),
    ...(cells.some((cell) => cell.parallel) && {
      /** Layer by layer, each over all moments. */
      parallel(state, xs, params, { train, noise, valid }) {
        let outputs = xs;
        const last = cells.map((cell, k) => {
          const context = { train, noise: noise?.cells[k], valid };
          const ran = sequenceOf(cell, state[k], heard(k, outputs, noise), params[k], context);
          outputs = said(k, outputs, ran.outputs);
          return ran.state;
        });
        return { state: last, outputs };
      },
    }),
    step(state, x, params, { train, noise }) {
      let output = x;
      const next = cells.map((cell, k) => {
        const context = { train, noise: noise?.cells[k] };
        const own = inStepOf(cell.name, () =>
          cell.step(state[k], heard(k, output, noise), params[k], context),
        );
        output = said(k, output, own.output);
        return own.state;
      });
      return { state: next, output };
    },
  };
}

/** x with a share `rate` of its entries set to zero, and the rest scaled up to the same mean. */
export const dropped = (x: Tensor, noise: Tensor, rate: number): Tensor =>
  where(noise.less(rate), 0, x.mul(1 / (1 - rate)));

/** What has a name is meant to be a cell. */
const isOptions = (x: unknown): x is StackOptions =>
  typeof x === "object" && x !== null && !Array.isArray(x) && !("name" in x);

const outputOf = (cell: Cell, shape: Shape, float: DType = "float32"): Shape =>
  typesOfCell(cell, { shape, dtype: float }, float).output.shape;

function checkAdded({ name }: Cell, heard: Shape, says: Shape): void {
  if (!sameShape(heard, says))
    fail("bad-argument", {
      where: "stack: residual",
      given: `the cell ${name}, which hears ${showShape(heard)} and says ${showShape(says)}`,
      expected: "outputs of one shape, such as by cells of one size",
    });
}

function checkStack(
  cells: readonly Cell[],
  { dropout = 0, residual = false, ...rest }: StackOptions,
): void {
  if (cells.length === 0)
    fail("bad-argument", { where: "stack", given: "no cells", expected: "at least one cell" });
  for (const cell of cells)
    checkCell("stack", cell, "cells, and options after them: stack(gru({ size: 8 }), …)");
  checkOptions("stack", rest, ["dropout", "residual"]);
  checkRate("stack: dropout", dropout);
  if (typeof residual !== "boolean")
    fail("bad-argument", {
      where: "stack: residual",
      given: String(residual),
      expected: "true or false",
    });
}

/** @throws "bad-argument" unless 0 ≤ rate < 1 */
export function checkRate(where: string, rate: number): void {
  if (!(rate >= 0 && rate < 1))
    fail("bad-argument", { where, given: String(rate), expected: "a rate of at least 0, below 1" });
}
