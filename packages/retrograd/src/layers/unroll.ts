/** A cell over time, as a layer: [batch, time, in] → [batch, time, out]. */

import { type Bidirectional, isBidirectional } from "../cells/bidirectional.ts";
import { type Cell, type Evaluation, inStepOf } from "../cells/cell.ts";
import { isCell } from "../cells/isCell.ts";
import { typesOfCell, withoutInitial } from "../cells/trace.ts";
import { start, throughTime } from "../cells/unroll.ts";
import { type ZoneoutRates, zoneout } from "../cells/zoneout.ts";
import { fail } from "../errors/layers.ts";
import { checkOptions, oneOf } from "../errors.ts";
import { where } from "../ops/elementwise.ts";
import * as random from "../ops/random.ts";
import { swapAxes } from "../ops/shape.ts";
import { isFloat } from "../scalar/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { leavesOf, mapTree } from "../tensor/tree.ts";
import { type Context, inputOption, type Layer, needsTime, type Ran } from "./layer.ts";

export interface UnrollLayerOptions {
  /** From the last moment to the first; outputs stay in the order of the inputs. */
  readonly reverse?: boolean;
  /** In training, the rate at which a unit of the state is held; see `zoneout`. */
  readonly zoneout?: ZoneoutRates;
  /**
   * Step by step, or all moments at once, where the cell has a form for that (`newton` gives one to
   * any cell); as the cell prefers by default. The results agree to rounding; which is faster
   * depends on the cell and the length.
   */
  readonly evaluation?: Evaluation;
}

/** The layer that `unroll` makes also shows its cells, for tables and for reading weights. */
export interface Unrolled<P = any> extends Layer<P> {
  readonly kind: "unroll";
  readonly cell: Cell<P> | Bidirectional;
}

/**
 * A cell run through time. Past the end of a sequence the state is held and the output is zero.
 * Params and state are those of the cell, or { forward, backward } of both for `bidirectional`.
 */
export function unroll<P>(cell: Cell<P>, options?: UnrollLayerOptions): Unrolled<P>;
export function unroll<P>(
  cell: Bidirectional<P>,
  options?: UnrollLayerOptions,
): Unrolled<{ forward: P; backward: P }>;
export function unroll(
  given: Cell | Bidirectional,
  { reverse = false, zoneout: rates, evaluation, ...rest }: UnrollLayerOptions = {},
): Unrolled {
  checkOptions("unroll", rest, ["reverse", "zoneout", "evaluation"]);
  if (!isCell(given) && !isBidirectional(given))
    fail("bad-argument", {
      where: "unroll",
      given: nameOf(given),
      expected: "a cell, such as lstm({ size: 32 })",
    });
  const held = (cell: Cell): Cell => (rates === undefined ? cell : zoneout(cell, rates));
  const own = (cell: Cell): Cell =>
    evaluation === undefined ? held(cell) : evaluatedBy(evaluation, held(cell));
  return isBidirectional(given)
    ? bothWays({ ...given, forward: own(given.forward), backward: own(given.backward) }, reverse)
    : oneWay(own(given), reverse);
}

/** The cell, with the form that whole sequences take. @throws "bad-argument" where it lacks it */
function evaluatedBy(evaluation: Evaluation, cell: Cell): Cell {
  oneOf("unroll: evaluation", evaluation, ["sequential", "parallel"]);
  if (evaluation === "parallel" && !cell.parallel)
    fail("bad-argument", {
      where: "unroll: evaluation",
      given: `"parallel" for the cell ${cell.name}, which has no such form`,
      expected: 'a cell that has one, or newton(cell), or "sequential"',
    });
  return { ...cell, prefers: evaluation };
}

const nameOf = (x: unknown): string =>
  typeof x === "function" ? "a function" : ((x as { name?: string } | null)?.name ?? String(x));

function oneWay(
  cell: Cell,
  reverse: boolean,
  name = `unroll(${cell.name}${reverse ? ", reverse" : ""})`,
): Unrolled {
  return {
    kind: "unroll",
    name,
    cell,
    input: inputOption(cell.input),
    keepsShape: false,
    draws: cell.draws,
    skip: cell.skip,
    wholeOnly: reverse ? "it begins at the end of the sequence" : undefined,
    check: cell.check && ((x, valid) => inStepOf(cell.name, () => cell.check!(x, valid))),
    plan(input, float) {
      needsTime(name, input);
      const { shape, dtype } = input;
      const { params, state, output } = typesOfCell(cell, { shape, dtype }, float);
      return { params, state, output: { ...output, time: true } };
    },
    start: (params, { state }, batch) => start(state, cell.learned(params), batch),
    whole: (params, x, context) => pass(cell, params, x, context, reverse),
    moment: (params, state, x) =>
      inStepOf(cell.name, () =>
        cell.step(state, x, withoutInitial(params), { train: false, noise: undefined }),
      ),
  };
}

function bothWays(both: Bidirectional, reverse: boolean): Unrolled {
  const name = `unroll(${both.name})`;
  const [forward, backward] = [
    oneWay(both.forward, reverse, name),
    oneWay(both.backward, !reverse, name),
  ];
  return {
    ...forward,
    ...both.join(forward, backward),
    cell: both,
    draws: forward.draws || backward.draws,
    skip: Math.max(forward.skip ?? 1, backward.skip ?? 1),
    check:
      (forward.check ?? backward.check) &&
      ((x, valid) => {
        for (const way of [forward, backward]) way.check?.(x, valid);
      }),
    wholeOnly: "its backward half begins at the end of the sequence",
    moment: () => fail("cannot-stream", { what: name, reason: "it reads both ways" }),
  };
}

/** Once through time, in one direction. */
function pass(cell: Cell, params: any, x: Tensor, context: Context, reverse: boolean): Ran {
  const { state, train, key } = context;
  const mask = context.mask && swapAxes(context.mask, 0, 1);
  const moments = swapAxes(x, 0, 1);
  // Padding may hold anything, NaN included; what the step never reads cannot reach the gradient.
  const xs = mask && isFloat(x.dtype) ? where(spread(mask, x.rank), moments, 0) : moments;
  const noise = train ? noiseFor(cell, xs, key) : undefined;
  const ran = throughTime(cell, params, xs, state, { reverse, mask, noise });
  return { output: swapAxes(ran.outputs, 0, 1), state: ran.state };
}

const spread = (mask: Tensor, rank: number): Tensor =>
  mask.reshape([...mask.shape, ...Array<number>(rank - 2).fill(1)]);

const isNumbers = (x: unknown): boolean =>
  Array.isArray(x) && x.every((n) => typeof n === "number");

/** Uniform random numbers for every moment, sample and shape that the cell asks for. */
function noiseFor(cell: Cell, xs: Tensor, key: Tensor | undefined): unknown {
  const shapes = cell.noise(xs.shape.slice(2));
  const names = leavesOf<Shape>(shapes, isNumbers).map(([path]) => path);
  if (names.length > 0 && !key) fail("key-missing", { what: `cell "${cell.name}"` });
  const dtype = xs.dtype === "float64" ? "float64" : "float32";
  return mapTree(
    shapes,
    (shape: Shape, path) =>
      random.uniform(random.fold(key!, names.indexOf(path)), [...xs.shape.slice(0, 2), ...shape], {
        dtype,
      }),
    isNumbers,
  );
}
