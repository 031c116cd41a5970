/**
 * A cell that reads a sequence both ways. It needs the whole sequence, so it is not one step: it
 * says how two directions, each run by whoever unrolls cells, make one.
 */
import { fail } from "../errors/layers.ts";
import { checkOptions, oneOf } from "../errors.ts";
import { concatenate } from "../ops/concatenate.ts";
import { fold } from "../ops/random.ts";
import type { DType } from "../scalar/dtype.ts";
import { type Shape, sameShape, showShape, type Tensor } from "../tensor/tensor.ts";
import type { Cell } from "./cell.ts";
import { checkCell } from "./isCell.ts";

type Merge = "concatenate" | "sum" | "mean";

export interface BidirectionalOptions {
  /** How the outputs of the two directions meet: side by side (default), added, or averaged. */
  readonly merge?: Merge;
  /** Another cell for the way back; the same kind by default, with parameters of its own. */
  readonly backward?: Cell;
}

/** One direction over a batch: what is known before it runs, its first state, and the run. */
export interface Direction<Input, Plan, Context> {
  plan(input: Input, float: DType): Plan;
  start(params: any, plan: Plan, batch: number | undefined): any;
  whole(params: any, x: Tensor, context: Context): { output: Tensor; state: any };
}

export interface Bidirectional<P = any, S = any> {
  readonly kind: "bidirectional";
  readonly name: string;
  readonly forward: Cell<P, S>;
  readonly backward: Cell<P, S>;
  readonly merge: Merge;
  /** Both directions as one: params and state are { forward, backward }. */
  readonly join: ReturnType<typeof joinBy>;
}

/**
 * Two cells, of which one runs from the last moment to the first; for `unroll`. Params and state
 * are { forward, backward }. The output of a moment has seen the past forward and the future
 * backward.
 * Source: Schuster and Paliwal 1997, doi:10.1109/78.650093.
 * Checked: PyTorch's bidirectional LSTM and GRU, with sequences of different lengths.
 */
export function bidirectional<P, S>(
  cell: Cell<P, S>,
  { merge = "concatenate", backward = cell, ...rest }: BidirectionalOptions = {},
): Bidirectional<P, S> {
  for (const one of [cell, backward]) checkCell("bidirectional", one);
  checkOptions("bidirectional", rest, ["merge", "backward"]);
  oneOf("bidirectional: merge", merge, ["concatenate", "sum", "mean"]);
  const name = `bidirectional(${cell.name})`;
  return { kind: "bidirectional", name, forward: cell, backward, merge, join: joinBy(merge) };
}

export const isBidirectional = (x: unknown): x is Bidirectional =>
  typeof x === "object" && x !== null && (x as Bidirectional).kind === "bidirectional";

const joinBy =
  (merge: Merge) =>
  <I, P extends Planned, C extends Drawing>(
    forward: Direction<I, P, C>,
    backward: Direction<I, P, C>,
  ): Direction<I, P, C> => ({
    plan(input, float) {
      const [f, b] = [forward.plan(input, float), backward.plan(input, float)];
      return {
        ...f,
        params: { forward: f.params, backward: b.params },
        state: { forward: f.state, backward: b.state },
        output: { ...f.output, shape: merged(f.output.shape, b.output.shape, merge) },
      };
    },
    start: (params, plan, batch) => {
      const half = (way: Way, { start }: Direction<I, P, C>) =>
        start(params[way], { ...plan, state: plan.state[way] }, batch);
      return { forward: half("forward", forward), backward: half("backward", backward) };
    },
    whole(params, x, context) {
      const half = (way: Way, { whole }: Direction<I, P, C>, at: number) => {
        const key = context.key && fold(context.key, at);
        return whole(params[way], x, { ...context, state: context.state[way], key });
      };
      const [f, b] = [half("forward", forward, 0), half("backward", backward, 1)];
      const output =
        merge === "concatenate"
          ? concatenate([f.output, b.output], -1)
          : f.output.add(b.output).mul(merge === "mean" ? 0.5 : 1);
      return { output, state: { forward: f.state, backward: b.state } };
    },
  });

type Way = "forward" | "backward";
interface Planned {
  readonly params: object;
  readonly state: any;
  readonly output: { readonly shape: Shape };
}
interface Drawing {
  readonly state: any;
  readonly key: Tensor | undefined;
}

function merged(f: Shape, b: Shape, merge: Merge): Shape {
  if (merge === "concatenate") return [...f.slice(0, -1), f[f.length - 1] + b[b.length - 1]];
  if (!sameShape(f, b))
    fail("shape-mismatch", {
      op: `bidirectional: ${merge}`,
      given: `outputs ${showShape(f)} forward and ${showShape(b)} backward`,
      expected: "outputs of one shape",
    });
  return f;
}
