/**
 * A layer: what it needs to know of its input, what it makes of it, and how it runs, over whole
 * batches [batch, time, …] and one moment at a time.
 */
import { fail } from "../errors/layers.ts";
import type { DType } from "../scalar/dtype.ts";
import { showShape, showType, type Tensor, type Type } from "../tensor/tensor.ts";

/**
 * What flows between layers: the type of one sample at one moment, and whether there are moments.
 */
export interface Flow extends Type {
  readonly time: boolean;
}

/** Parameters of a layer that has none. */
export type Nothing = Record<never, never>;

/** What a layer makes of a flow. */
export interface Plan {
  /** A tree of initialisers. */
  readonly params: object;
  /** A tree of types: what it carries from moment to moment, for one sample. */
  readonly state: object;
  readonly output: Flow;
  /** The plans of the layers within. */
  readonly plans?: readonly Plan[];
}

/** What a layer is told when it runs over a batch. */
export interface Context {
  readonly state: any;
  /** Valid moments, bool [batch, time]; all of them when absent. */
  readonly mask: Tensor | undefined;
  readonly train: boolean;
  /** For random numbers of this layer, in training. */
  readonly key: Tensor | undefined;
}

export interface Ran<S = any> {
  readonly output: Tensor;
  readonly state: S;
}

export interface Layer<P = any> {
  readonly kind: string;
  /** As messages and tables say it: "dense(128)". */
  readonly name: string;
  /** The input, for one sample at one moment, where the layer itself fixes it. */
  readonly input: Type | undefined;
  /** Whether what leaves has the shape of what comes in, so that the next layer may fix both. */
  readonly keepsShape: boolean;
  /** Whether it draws random numbers in training. */
  readonly draws: boolean;
  /** The part of the parameters that training may move, {} in other places; all, where absent. */
  learning?(params: P): any;
  /** Parameters, state and output for an input; `float` is the float type of the model. */
  plan(input: Flow, float: DType): Plan;
  /**
   * Refuses input whose numbers it cannot take, at the moments that are valid, bool [batch, time];
   * a compiled program does not look at them.
   */
  check?(x: Tensor, valid?: Tensor): void;
  /** The state before the first moment, for a batch or (without one) for one sample. */
  start(params: P, plan: Plan, batch: number | undefined): any;
  /** Over a batch: [batch, time, …], or [batch, …] where time is gone. */
  whole(params: P, x: Tensor, context: Context): Ran;
  /** Why it cannot run moment by moment. */
  readonly wholeOnly: string | undefined;
  /** Moments that a sequence must outlast, where a state is read only so many moments later. */
  readonly skip?: number | undefined;
  /** One sample at one moment, not in training. */
  moment(params: P, state: any, x: Tensor): Ran;
}

/** The parts of a layer without state: a function of each moment on its own. */
export interface Pointwise<P> {
  readonly kind: string;
  readonly name: string;
  readonly input?: Type;
  readonly keepsShape?: boolean;
  plan(input: Flow, float: DType): { params?: object; output: Flow };
  check?(x: Tensor, valid?: Tensor): void;
  apply(params: P, x: Tensor): Tensor;
}

/** A layer that treats all moments alike and carries nothing between them. */
export function pointwise<P>(layer: Pointwise<P>): Layer<P> {
  return {
    kind: layer.kind,
    name: layer.name,
    input: layer.input,
    keepsShape: layer.keepsShape ?? false,
    draws: false,
    wholeOnly: undefined,
    plan: (input, float) => ({ params: {}, state: {}, ...layer.plan(input, float) }),
    check: layer.check,
    start: () => ({}),
    whole: (params, x) => ({ output: layer.apply(params, x), state: {} }),
    moment: (params, _, x) => ({ output: layer.apply(params, x), state: {} }),
  };
}

/** The part of its parameters that training may move. */
export const learningOf = <P>(layer: Layer<P> | undefined, params: P): any =>
  layer?.learning ? layer.learning(params) : params;

/** What flows in a tensor [batch, time, …]. */
export const flowOf = (x: Type): Flow => ({ shape: x.shape.slice(2), dtype: x.dtype, time: true });

/** A flow as the shape of a batch: [batch, time, 3]. */
export function showFlow({ shape, dtype, time }: Flow): string {
  const axes = ["batch", ...(time ? ["time"] : []), ...shape];
  return `${dtype === "float32" ? "" : `${dtype} `}[${axes.join(", ")}]`;
}

/** @throws "no-time" */
export function needsTime(what: string, input: Flow): void {
  if (!input.time) fail("no-time", { what, given: showFlow(input) });
}

/** The last axis of a flow. @throws "no-features", "input-mismatch" */
export function featuresOf(what: string, input: Flow, made?: number): number {
  const size = input.shape.at(-1);
  if (size === undefined) fail("no-features", { what });
  if (made !== undefined && size !== made)
    fail("input-mismatch", { what, made, given: showShape(input.shape) });
  return size;
}

/** @throws "dtype-mismatch" */
export function needsFloat(what: string, input: Flow): void {
  if (input.dtype !== "float32" && input.dtype !== "float64")
    fail("dtype-mismatch", { op: what, given: showType(input), expected: "float32 or float64" });
}

/** The type of an option `input`: so many features. */
export const inputOption = (features: number | undefined): Type | undefined =>
  features === undefined ? undefined : { shape: [features], dtype: "float32" };
