/** One moment of one row: the next state and influence, the loss, and its gradient. */
import { zeros } from "../../ops/creation.ts";
import { einsum } from "../../ops/linear.ts";
import * as random from "../../ops/random.ts";
import { reshapeTo } from "../../ops/reshape.ts";
import { inline } from "../../tensor/graph.ts";
import { placeholder, sizeOf, type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Loss } from "../losses/loss.ts";
import type { Blocks, Influence } from "./influence.ts";
import type { Moment } from "./moment.ts";
import { pullback } from "./pullback.ts";

type Maybe = Tensor | undefined;

export interface Past {
  readonly state: readonly Tensor[];
  readonly blocks: Blocks;
}
/** What a row is fed at one moment: input, target, and the weight of the target. */
export interface Shown {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly w: Maybe;
}

/**
 * (params, past, shown) → { state, blocks, grads, sum, count } of one row.
 * @param feedback  seed of fixed random weights that carry the error to the state, where the
 *                  readout's own do not
 */
export function rowStep(moment: Moment, influence: Influence, loss: Loss, feedback?: number) {
  const { params, state, step, readout } = moment;
  const after = readout.inputs.slice(step.inputs.length);
  const untracked = params.filter((_, p) => !influence.tracked.includes(p));
  return (shared: readonly Tensor[], past: Past, { x, y, w }: Shown) => {
    const inputs = [...shared, ...past.state, x];
    const next = inline(step, inputs);
    const [output] = inline(readout, [...inputs, ...next]);
    const { sum, count, error } = scored(loss, output, y, w);
    const wrt = [...params, ...state, ...after];
    const back = pullback(readout, wrt, [...inputs, ...next], [error]);
    const direct = back.splice(0, params.length);
    const ofState = back.splice(0, state.length);
    const ofNext = feedback === undefined ? back : atRandom(feedback, error, back);
    const blocks = influence.advance(past.blocks, inputs);
    const credits = [influence.credit(blocks, ofNext), influence.credit(past.blocks, ofState)];
    // Parameters that no influence is kept of are credited for this moment alone.
    const now = pullback(step, untracked, inputs, ofNext);
    const grads = params.map((t, p) => {
      const at = influence.tracked.indexOf(p);
      const own = at < 0 ? [now[untracked.indexOf(t)]] : credits.map((credit) => credit[at]);
      const terms = [direct[p], ...own].filter((g) => g !== undefined);
      return terms.length ? terms.reduce((a, b) => a.add(b)) : zeros(t.shape, { dtype: t.dtype });
    });
    return { state: next, blocks, grads, sum, count };
  };
}

/** The loss of one output, and its derivative by that output. */
function scored(loss: Loss, output: Tensor, target: Tensor, weight: Maybe) {
  const out = placeholder(output, "output");
  const moment = (t: Tensor) => reshapeTo(t, [1, 1, ...t.shape]);
  const { sum, count } = loss.parts(moment(out), moment(target), weight && moment(weight));
  const graph = { inputs: [out], outputs: [sum] };
  const [error] = pullback(graph, [out], [output], [tensor(1, { dtype: sum.dtype })]);
  const [value, number] = inline({ inputs: [out], outputs: [sum, count] }, [output]);
  return { sum: value, count: number, error: error ?? output.mul(0) };
}

/** The error through fixed random weights, for every leaf of the state that the readout reads. */
function atRandom(seed: number, error: Tensor, read: readonly Maybe[]): Maybe[] {
  return read.map((t, k) => {
    if (!t) return undefined;
    const [from, to] = [sizeOf(error.shape), sizeOf(t.shape)];
    const key = random.fold(random.key(seed), k);
    const weights = random.normal(key, [from, to], { dtype: t.dtype }).mul(1 / Math.sqrt(to));
    const flat = einsum("e,ek->k", reshapeTo(error, [from]), weights);
    return reshapeTo(flat, t.shape);
  });
}
