/**
 * A cell made of cells, and of what works on the features of one moment alone: norms, products,
 * gates, skip connections. What lies between its cells sees the last axis only, so one text serves
 * a single moment and all of them at once, and the whole keeps both forms.
 */

import { held } from "../loops/mask.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { type Cell, inStepOf, type SequenceContext } from "./cell.ts";
import type { Drawn } from "./init.ts";
import { sequenceOf } from "./sequence.ts";
import { withoutInitial } from "./trace.ts";

/** Runs each cell on what it is given: [features], or [time, features] of all moments. */
export type Through<K extends string> = { readonly [name in K]: (x: Tensor) => Tensor };

export interface Composite<K extends string, P extends object> {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Size of the input, where an option says it. */
  readonly input?: number;
  /** The cells by name, which must differ from those of `params`. */
  readonly cells: { readonly [name in K]: Cell };
  /** Own parameters, for an input of this shape. */
  params(input: Shape): P;
  /** From x [features] or [time, features] to the output, through each cell once. */
  flow(x: Tensor, params: Drawn<P>, through: Through<K>): Tensor;
}

/**
 * A cell of cells. One whose option `input` is set reads that many features, any other as many as
 * the whole. Params hold its own beside those of its cells; the state is that of each, by name.
 */
export function composite<K extends string, P extends object>(
  definition: Composite<K, P>,
): Cell<Drawn<P> & Record<K, any>, Record<K, any>> {
  const { name, options, input, cells } = definition;
  const entries = Object.entries(cells) as [K, Cell][];
  const each = <T>(f: (cell: Cell, name: K) => T): Record<K, T> =>
    Object.fromEntries(entries.map(([k, cell]) => [k, f(cell, k)])) as Record<K, T>;
  const eachFor = <T>(shape: Shape, f: (cell: Cell, shape: Shape) => T) =>
    each((cell) => f(cell, cell.input === undefined ? shape : [cell.input]));
  const some = (f: (cell: Cell) => boolean): boolean => entries.some(([, cell]) => f(cell));

  /** The flow, with every cell run by `run`; the state that each leaves is kept. */
  const flow = (x: Tensor, params: any, run: (name: K, x: Tensor) => [any, Tensor]) => {
    const state = {} as Record<K, any>;
    const through = each((_, k) => (given: Tensor) => {
      const [left, output] = run(k, given);
      state[k] = left;
      return output;
    });
    return { state, output: definition.flow(x, params, through) };
  };
  return {
    name,
    options,
    input,
    draws: some((cell) => cell.draws),
    params: (shape) => ({
      ...definition.params(shape),
      ...eachFor(shape, (cell, own) => cell.params(own)),
    }),
    state: (shape, float) => eachFor(shape, (cell, own) => cell.state(own, float)),
    noise: (shape) => eachFor(shape, (cell, own) => cell.noise(own)),
    learned: (params) => each((cell, k) => cell.learned(params[k])),
    step: (state, x, params, { train, noise }) =>
      flow(x, params, (k, given) => {
        const context = { train, noise: noise?.[k] };
        const next = inStepOf(cells[k].name, () =>
          cells[k].step(state[k], given, withoutInitial(params[k]), context),
        );
        return [next.state, next.output];
      }),
    ...(some((cell) => cell.parallel !== undefined) && {
      parallel(state: Record<K, any>, xs: Tensor, params: any, context: SequenceContext) {
        const { noise, valid } = context;
        const ran = flow(xs, params, (k, given) => {
          const own = { ...context, noise: noise?.[k] };
          const one = sequenceOf(cells[k], state[k], given, withoutInitial(params[k]), own);
          return [one.state, one.outputs];
        });
        return { state: ran.state, outputs: valid ? held(valid, ran.output) : ran.output };
      },
    }),
    skip: Math.max(...entries.map(([, cell]) => cell.skip ?? 1)),
    prefers: some((cell) => cell.prefers === "parallel") ? "parallel" : "sequential",
  };
}
