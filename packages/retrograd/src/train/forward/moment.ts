/**
 * One moment of one sample as graphs: what forward mode differentiates. The step goes from state to
 * next state; the readout goes from the next state to what the model says, and may also look at the
 * state before, at the input and at parameters of its own.
 */
import { fail } from "../../errors/training.ts";
import { reshapeTo } from "../../ops/reshape.ts";
import { isFloat } from "../../scalar/dtype.ts";
import { Bindings, type Graph, substitute } from "../../tensor/graph.ts";
import { placeholder, showType, type Tensor, type Type } from "../../tensor/tensor.ts";
import { flatten, leavesOf, mapTree } from "../../tensor/tree.ts";
import type { Trainable } from "../method.ts";
import { mustHaveMoments } from "../moments.ts";

export interface Moment {
  /** Leaves of the parameters and of the state, for one sample; the input. */
  readonly params: readonly Tensor[];
  readonly names: readonly string[];
  readonly state: readonly Tensor[];
  readonly x: Tensor;
  /** params… → the state before the first moment… */
  readonly first: Graph;
  /** (params…, state…, x) → next state… */
  readonly step: Graph;
  /** (params…, state…, x, next state…) → output */
  readonly readout: Graph;
}

/**
 * Trace a moment.
 * @param params  a tree; its types are read
 * @throws "bad-argument" for a model that has no moments, draws, or carries a state of integers
 */
export function traceMoment(where: string, model: Trainable, params: any): Moment {
  const refuse = (given: string, expected: string) =>
    fail("bad-argument", { where, given, expected });
  mustHaveMoments(where, model);
  const place = (t: Type, path: string) => placeholder(t, path);
  const own = mapTree(params, place);
  const first = mapTree(model.state(own, 1), (t: Tensor) => reshapeTo(t, t.shape.slice(1)));
  const state = mapTree(first, place);
  for (const [path, t] of leavesOf<Tensor>(state))
    if (!isFloat(t.dtype))
      refuse(`the state "${path}" ${showType(t)}, which has no derivative,`, "a state of floats");
  const x = placeholder(model.sample(params), "x");
  const ran = model.moment(own, state, x);
  const [given, states] = [flatten(own), flatten(state)];
  const next = flatten(ran.state);
  const after = next.map((t) => placeholder(t, t.name));
  const inputs = [...given, ...states, x];
  return {
    params: given,
    names: leavesOf(own).map(([path]) => path),
    state: states,
    x,
    first: { inputs: given, outputs: flatten(first) },
    step: { inputs, outputs: next },
    readout: {
      inputs: [...inputs, ...after],
      outputs: substitute([ran.output], new Bindings(next.map((t, k) => [t, after[k]] as const))),
    },
  };
}
