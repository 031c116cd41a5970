/**
 * A cell run through time over a batch: the step is traced once for one sample, batched, and handed
 * to scan; or all moments are taken at once, where the cell has a form for that. Everything that
 * trains or runs a cell over whole sequences goes through here.
 */
import { fail } from "../errors/layers.ts";
import { scan } from "../loops/scanTree.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { zeros } from "../ops/creation.ts";
import { flip } from "../ops/flip.ts";
import { swapAxes } from "../ops/shape.ts";
import { at } from "../ops/slicing.ts";
import type { DType } from "../scalar/dtype.ts";
import { inline } from "../tensor/graph.ts";
import { type Shape, showType, type Tensor, type Type } from "../tensor/tensor.ts";
import { flatten, flattenLike, leavesOf, mapTree, rebuild } from "../tensor/tree.ts";
import { callGraph } from "../transform/function.ts";
import type { Cell, Evaluation } from "./cell.ts";
import { batchStep, isType, traceSequence, traceStep, typesOf, withoutInitial } from "./trace.ts";

export interface UnrollOptions {
  /** From the last moment to the first; outputs stay in the order of the inputs. */
  readonly reverse?: boolean;
  /**
   * Which moments are valid, bool [time, batch]: elsewhere the state is held, the output is zero.
   */
  readonly mask?: Tensor;
  /**
   * Uniform random numbers [time, batch, …] for each shape of cell.noise; this is training then.
   */
  readonly noise?: unknown;
  /** Step by step, or all moments at once; as the cell prefers, where it is not said. */
  readonly evaluation?: Evaluation;
}

const moment = (t: Tensor): Type => ({ shape: t.shape.slice(2), dtype: t.dtype });
const sample = (t: Tensor): Type => ({ shape: t.shape.slice(1), dtype: t.dtype });

/**
 * Run a cell through time.
 * @param params  of the cell
 * @param xs      [time, batch, …]
 * @param state   tree of [batch, …]: the state before the first moment
 * @returns       state: after the last valid moment; outputs [time, batch, …]
 */
export function throughTime<P, S>(
  cell: Cell<P, S>,
  params: P,
  xs: Tensor,
  state: S,
  options: UnrollOptions = {},
): { state: S; outputs: Tensor } {
  const { reverse = false, mask, noise, evaluation = cell.prefers } = options;
  if (evaluation === "parallel") return atOnce(cell, params, xs, state, options);
  const read = withoutInitial(params);
  const one = traceStep(cell, {
    state: mapTree(state, sample),
    x: moment(xs),
    params: mapTree(read, (t: Tensor) => t),
    noise: noise === undefined ? undefined : mapTree(noise, moment),
  });
  const wide = batchStep(one, flatten(read).length, xs.shape[1]);
  const states = flatten(state).length;
  const step = (s: S, moments: { x: Tensor; noise: unknown }, shared: unknown) => {
    const given = [s, moments.x, moments.noise, shared].flatMap((tree) => flatten(tree));
    const out = inline(wide, given);
    return { state: rebuild(state, out.slice(0, states)) as S, output: out[states] };
  };
  const shared = { params: read, captured: one.captured };
  return scan(step, state, { x: xs, noise }, shared, { reverse, ...(mask && { mask }) });
}

/** The same, all moments at once: each sample is a sequence of its own, [time, …]. */
function atOnce<P, S>(
  cell: Cell<P, S>,
  params: P,
  xs: Tensor,
  state: S,
  { reverse = false, mask, noise }: UnrollOptions,
): { state: S; outputs: Tensor } {
  const read = withoutInitial(params);
  /** [time, batch, …] ↔ [batch, time, …], in the order in which the cell meets the moments. */
  const sequence = (t: Tensor) => swapAxes(reverse ? flip(t, 0) : t, 0, 1);
  const series = mapTree({ xs, noise, valid: mask }, sequence) as Series;
  const one = traceSequence(cell, {
    state: mapTree(state, sample),
    known: knownNumbers(state),
    x: sample(series.xs),
    params: mapTree(read, (t: Tensor) => t),
    noise: noise === undefined ? undefined : mapTree(series.noise, sample),
    valid: series.valid && sample(series.valid),
  });
  const wide = batchStep(one, flatten(read).length, xs.shape[1]);
  const given = [state, series.xs, series.noise, series.valid, read, one.captured];
  const out = callGraph(
    wide,
    given.flatMap((tree) => flatten(tree)),
  );
  const states = flatten(state).length;
  const turned = swapAxes(out[states], 0, 1);
  const outputs = reverse ? flip(turned, 0) : turned;
  return { state: rebuild(state, out.slice(0, states)) as S, outputs };
}

/** Counts in a state [batch] that are known, and the same for all samples: often that it is new. */
const knownNumbers = (state: unknown): ReadonlyMap<string, Tensor> =>
  new Map(
    leavesOf<Tensor>(state)
      .filter(([, t]) => t.isConcrete && t.rank === 1 && t.dtype === "int32" && t.size > 0)
      .filter(([, t]) => t.data.every((x) => x === t.data[0]))
      .map(([path, t]) => [path, at(t, 0)]),
  );

interface Series {
  readonly xs: Tensor;
  readonly noise: unknown;
  readonly valid: Tensor | undefined;
}

/**
 * The state before the first moment, for each sample of the batch: what was learned, or zeros.
 * @param batch  undefined for one sample without a batch axis
 */
export function startOf(
  cell: Cell,
  params: unknown,
  input: Shape,
  batch: number | undefined,
  float: DType,
): any {
  return start(cell.state(input, float), cell.learned(params), batch);
}

/** The leaves of a tree of types, or of what is known of it, as tensors for a batch. */
export function start(types: any, learned: any, batch: number | undefined): any {
  if (isType(types)) {
    if (learned)
      return batch === undefined ? learned : broadcastTo(learned, [batch, ...learned.shape]);
    return zeros(batch === undefined ? types.shape : [batch, ...types.shape], {
      dtype: types.dtype,
    });
  }
  const entries = Object.entries(types).map(([k, t]) => [k, start(t, learned?.[k], batch)]);
  return Array.isArray(types) ? entries.map(([, t]) => t) : Object.fromEntries(entries);
}

/** @throws "tree-mismatch", "shape-mismatch" unless `state` fits a batch of that size */
export function checkState(where: string, types: unknown, state: unknown, batch?: number): void {
  const leaves = flattenLike(start(types, undefined, batch), state, where);
  typesOf(types).forEach(([name, { shape, dtype }], k) => {
    const expected = showType({ shape: batch === undefined ? shape : [batch, ...shape], dtype });
    const given = showType(leaves[k]);
    if (given !== expected)
      fail("shape-mismatch", { op: where, given: `state "${name}" ${given}`, expected });
  });
}
