/**
 * All moments of one sample at once. A cell that has a parallel form is asked for it; every other
 * one goes step by step, so that a stack may hold both kinds.
 */
import { fail } from "../errors/layers.ts";
import { scan } from "../loops/scanTree.ts";
import { showType, Tensor } from "../tensor/tensor.ts";
import {
  type Cell,
  inParallelFormOf,
  inStepOf,
  type Sequence,
  type SequenceContext,
} from "./cell.ts";

/**
 * @param state   of one sample, before the first moment
 * @param xs      [time, …]
 * @param params  of the cell, without a learned initial state
 * @throws "bad-argument" where a parallel form does not return { state, outputs: [time, …] }
 */
export function sequenceOf<P, S>(
  cell: Cell<P, S>,
  state: S,
  xs: Tensor,
  params: P,
  context: SequenceContext,
): Sequence<S> {
  const { parallel, name } = cell;
  // Of no moments there is nothing to take at once.
  if (parallel && xs.shape[0] > 0)
    return inParallelFormOf(name, () =>
      checked(name, xs.shape[0], parallel(state, xs, params, context)),
    );
  const { train, noise: noises, valid } = context;
  return scan(
    (s: S, { x, noise }: { x: Tensor; noise: unknown }, p: P) =>
      inStepOf(name, () => cell.step(s, x, p, { train, noise })),
    state,
    { x: xs, noise: noises },
    params,
    valid && { mask: valid },
  );
}

function checked<S>(name: string, time: number, found: Sequence<S>): Sequence<S> {
  const outputs: unknown = found?.outputs;
  if (!(outputs instanceof Tensor) || outputs.shape[0] !== time)
    fail("bad-argument", {
      where: `parallel form of cell "${name}"`,
      given: outputs instanceof Tensor ? `outputs ${showType(outputs)}` : "no outputs",
      expected: `{ state, outputs } with outputs [${time}, …], one for each moment`,
    });
  return found;
}
