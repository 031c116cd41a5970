/** Several cells as one: each reads the output of the one before, within the same moment. */
import { fail } from "../errors/layers.ts";
import { checkOptions } from "../errors.ts";
import { where } from "../ops/elementwise.ts";
import type { DType } from "../scalar/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { type Cell, inStepOf } from "./cell.ts";
import { sequenceOf } from "./sequence.ts";
import { typesOfCell } from "./trace.ts";

export interface StackOptions {
  /** Rate at which what passes between two cells is dropped in training. */
  readonly dropout?: number;
}

/**
 * Cells one above the other: x → cell 0 → cell 1 → … in every moment. Params and state are
 * arrays, one entry for each cell; with dropout, what passes between two cells is multiplied by a
 * mask of its own in each moment, and by 1 / (1 − rate).
 * Source: Zaremba et al. 2014, arXiv:1409.2329 (dropout between layers, not in time).
 * Checked: PyTorch's GRU with two layers.
 */
export function stack(...given: readonly (Cell | StackOptions)[]): Cell<any[], any[]> {
  const last = given.at(-1);
  const options: StackOptions = last && !isCell(last) ? last : {};
  const cells = (last === options ? given.slice(0, -1) : given) as readonly Cell[];
  checkStack(cells, options);
  const rate = options.dropout ?? 0;
  const flows = (input: Shape): Shape[] => {
    const shapes = [input];
    for (const cell of cells) shapes.push(outputOf(cell, shapes[shapes.length - 1]));
    return shapes;
  };
  const each = <T>(input: Shape, f: (cell: Cell, shape: Shape) => T): T[] => {
    const shapes = flows(input);
    return cells.map((cell, k) => f(cell, shapes[k]));
  };
  return {
    name: `stack(${cells.map((cell) => cell.name).join(", ")})`,
    options: { cells, dropout: rate },
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
          if (k > 0 && noise && rate > 0) outputs = dropped(outputs, noise.between[k - 1], rate);
          const context = { train, noise: noise?.cells[k], valid };
          const ran = sequenceOf(cell, state[k], outputs, params[k], context);
          outputs = ran.outputs;
          return ran.state;
        });
        return { state: last, outputs };
      },
    }),
    step(state, x, params, { train, noise }) {
      let output = x;
      const next = cells.map((cell, k) => {
        if (k > 0 && noise && rate > 0) output = dropped(output, noise.between[k - 1], rate);
        const context = { train, noise: noise?.cells[k] };
        const stepped = inStepOf(cell.name, () => cell.step(state[k], output, params[k], context));
        output = stepped.output;
        return stepped.state;
      });
      return { state: next, output };
    },
  };
}

/** x with a share `rate` of its entries set to zero, and the rest scaled up to the same mean. */
export const dropped = (x: Tensor, noise: Tensor, rate: number): Tensor =>
  where(noise.less(rate), 0, x.mul(1 / (1 - rate)));

export const isCell = (x: unknown): x is Cell =>
  typeof x === "object" && x !== null && typeof (x as Cell).step === "function";

const outputOf = (cell: Cell, shape: Shape, float: DType = "float32"): Shape =>
  typesOfCell(cell, { shape, dtype: float }, float).output.shape;

function checkStack(cells: readonly Cell[], { dropout = 0, ...rest }: StackOptions): void {
  if (cells.length === 0)
    fail("bad-argument", { where: "stack", given: "no cells", expected: "at least one cell" });
  for (const given of cells)
    if (!isCell(given))
      fail("bad-argument", {
        where: "stack",
        given: typeof given,
        expected: "cells, and options after them",
      });
  checkOptions("stack", rest, ["dropout"]);
  checkRate("stack: dropout", dropout);
}

/** @throws "bad-argument" unless 0 ≤ rate < 1 */
export function checkRate(where: string, rate: number): void {
  if (!(rate >= 0 && rate < 1))
    fail("bad-argument", { where, given: String(rate), expected: "a rate of at least 0, below 1" });
}
