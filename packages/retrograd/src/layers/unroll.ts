/** A cell over time, as a layer: [batch, time, in] → [batch, time, out]. */
import { type Bidirectional, isBidirectional } from "../cells/bidirectional.ts";
import { type Cell, inStepOf } from "../cells/cell.ts";
import { isCell } from "../cells/stack.ts";
import { typesOfCell, withoutInitial } from "../cells/trace.ts";
import { start, throughTime } from "../cells/unroll.ts";
import { type ZoneoutRates, zoneout } from "../cells/zoneout.ts";
import { fail } from "../errors/layers.ts";
import { concatenate } from "../ops/concatenate.ts";
import { where } from "../ops/elementwise.ts";
import * as random from "../ops/random.ts";
import { swapAxes } from "../ops/shape.ts";
import { type DType, isFloat } from "../scalar/dtype.ts";
import { type Shape, showShape, type Tensor } from "../tensor/tensor.ts";
import { leavesOf, mapTree } from "../tensor/tree.ts";
import { type Context, type Flow, inputOption, type Layer, needsTime, type Ran } from "./layer.ts";
import { checkOptions } from "./options.ts";

export interface UnrollLayerOptions {
  /** From the last moment to the first; outputs stay in the order of the inputs. */
  readonly reverse?: boolean;
  /** In training, the rate at which a unit of the state is held; see `zoneout`. */
  readonly zoneout?: ZoneoutRates;
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
  { reverse = false, zoneout: rates, ...rest }: UnrollLayerOptions = {},
): Unrolled {
  checkOptions("unroll", rest, ["reverse", "zoneout"]);
  if (!isCell(given) && !isBidirectional(given))
    fail("bad-argument", {
      where: "unroll",
      given: nameOf(given),
      expected: "a cell, such as lstm({ size: 32 })",
    });
  const own = (cell: Cell): Cell => (rates === undefined ? cell : zoneout(cell, rates));
  return isBidirectional(given)
    ? bothWays({ ...given, forward: own(given.forward), backward: own(given.backward) }, reverse)
    : oneWay(own(given), reverse);
}

const nameOf = (x: unknown): string =>
  typeof x === "function" ? "a function" : ((x as { name?: string } | null)?.name ?? String(x));

function oneWay(cell: Cell, reverse: boolean): Unrolled {
  const name = `unroll(${cell.name}${reverse ? ", reverse" : ""})`;
  return {
    kind: "unroll",
    name,
    cell,
    input: inputOption(cell.input),
    keepsShape: false,
    draws: cell.draws,
    wholeOnly: reverse ? "it begins at the end of the sequence" : undefined,
    plan(input, float) {
      const { params, state, output } = planOf(name, cell, input, float);
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
  const { forward, backward, merge } = both;
  const name = `unroll(${both.name})`;
  return {
    kind: "unroll",
    name,
    cell: both,
    input: inputOption(forward.input),
    keepsShape: false,
    draws: forward.draws || backward.draws,
    wholeOnly: "its backward half begins at the end of the sequence",
    plan(input, float) {
      const [f, b] = [forward, backward].map((cell) => planOf(name, cell, input, float));
      const shape = merged(f.output.shape, b.output.shape, merge);
      return {
        params: { forward: f.params, backward: b.params },
        state: { forward: f.state, backward: b.state },
        output: { shape, dtype: f.output.dtype, time: true },
      };
    },
    start: (params, { state }, batch) => ({
      forward: start((state as any).forward, forward.learned(params.forward), batch),
      backward: start((state as any).backward, backward.learned(params.backward), batch),
    }),
    whole(params, x, context) {
      const go = (cell: Cell, way: "forward" | "backward", at: number) => {
        const key = context.key && random.fold(context.key, at);
        const own = { ...context, state: context.state[way], key };
        return pass(cell, params[way], x, own, reverse !== (way === "backward"));
      };
      const [f, b] = [go(forward, "forward", 0), go(backward, "backward", 1)];
      const output =
        merge === "concatenate"
          ? concatenate([f.output, b.output], -1)
          : f.output.add(b.output).mul(merge === "mean" ? 0.5 : 1);
      return { output, state: { forward: f.state, backward: b.state } };
    },
    moment: () => fail("cannot-stream", { what: name, reason: "it reads both ways" }),
  };
}

function planOf(name: string, cell: Cell, input: Flow, float: DType) {
  needsTime(name, input);
  return typesOfCell(cell, { shape: input.shape, dtype: input.dtype }, float);
}

function merged(f: Shape, b: Shape, merge: Bidirectional["merge"]): Shape {
  if (merge === "concatenate") return [...f.slice(0, -1), f[f.length - 1] + b[b.length - 1]];
  if (showShape(f) !== showShape(b))
    fail("shape-mismatch", {
      op: `bidirectional: ${merge}`,
      given: `outputs ${showShape(f)} forward and ${showShape(b)} backward`,
      expected: "outputs of one shape",
    });
  return f;
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
