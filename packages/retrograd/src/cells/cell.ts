/**
 * A cell: the shapes of its parameters and its state, and one step for one sample at one moment.
 *
 *   step(state, x, params) → { state, output }
 *
 * The step never sees a batch or a time axis: the library adds them. What a cell declares is
 * data, so the same declaration is drawn, checked, traced, batched, run through time, and
 * streamed.
 */

import { fail } from "../errors/layers.ts";
import { checkOptions, oneOf, shown, within } from "../errors.ts";
import "../ops/methods.ts";
import type { DType } from "../scalar/dtype.ts";
import { type Shape, showShape, Tensor, type Type } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import { type Drawn, type Initialisers, init, isInitial } from "./init.ts";

/** A tree of shapes: { h: [size] }. A leaf may name its dtype: { shape: [], dtype: "int32" }. */
export type Shapes = Shape | Type | { readonly [name: string]: Shapes };

/** The same tree with tensors where it had shapes. */
export type Traced<S> = S extends Shape
  ? Tensor
  : S extends Type
    ? Tensor
    : { -readonly [K in keyof S]: Traced<S[K]> };

/** What the declaration of a cell is told: the options of the cell, and the shape of its input. */
export type Sizes<O> = Required<O> & {
  /** Length of the last axis of the input. */
  readonly input: number;
  readonly inputShape: Shape;
};

/** What a step is told besides: whether this is training, and the random numbers of the moment. */
export type Moment<O = unknown> = Sizes<O> & {
  readonly train: boolean;
  /**
   * Uniform in [0, 1), one tensor for each shape that `noise` declares; absent outside training.
   */
  readonly noise: any;
};

/** What the parallel form is told besides. */
export type Moments<O = unknown> = Moment<O> & {
  /** Which moments are valid, bool [time], where sequences have different lengths. */
  readonly valid: Tensor | undefined;
};

/** How a cell goes through time: step by step, or over all moments at once. */
export type Evaluation = "sequential" | "parallel";

/** Options that every cell takes. */
export interface CellOptions {
  /** How many units the cell has. */
  readonly size: number;
  /** Size of the input, where the model cannot tell it. */
  readonly input?: number;
  /** The state before the first step: zeros, or parameters that are learned. */
  readonly initial?: "zero" | "learned";
}

export interface Next<S> {
  readonly state: S;
  readonly output: Tensor;
}

/** What a sequence gives: the state after its last valid moment, and outputs [time, …]. */
export interface Sequence<S> {
  readonly state: S;
  readonly outputs: Tensor;
}

export interface CellDefinition<O extends object, P, S> {
  readonly name: string;
  /** Further options with their defaults: { heads: 4 }. */
  readonly options?: O;
  /** How many axes the input of one moment has; 1, its features. */
  readonly axes?: number;
  /** Parameters as a tree of initialisers: { W: init.glorot([input, size]) }. */
  params(sizes: Sizes<O & { size: number }>, init: Initialisers): P;
  /** The shapes of the state. */
  state(sizes: Sizes<O & { size: number }>): S;
  /** Shapes of the random numbers that one step reads while training. */
  noise?(sizes: Sizes<O & { size: number }>): Shapes;
  step(
    state: Traced<S>,
    x: Tensor,
    params: Drawn<P>,
    moment: Moment<O & { size: number }>,
  ): Next<Traced<S>>;
  /**
   * The same recurrence over all moments of one sample at once, where it has such a form: xs and
   * `noise` are [time, …]. A moment that is not valid holds the state and its output is zero.
   */
  parallel?(
    state: Traced<S>,
    xs: Tensor,
    params: Drawn<P>,
    moments: Moments<O & { size: number }>,
  ): Sequence<Traced<S>>;
  /** The form that whole sequences take unless `unroll` is told otherwise; "sequential". */
  readonly prefer?: Evaluation;
  /**
   * Refuses numbers that the step cannot take, where they are data: x [batch, time, …], of which
   * the moments are read that are valid, bool [batch, time]. A compiled program does not look.
   */
  check?(x: Tensor, sizes: Sizes<O & { size: number }>, valid: Tensor | undefined): void;
}

/** A cell with its options chosen. Everything that runs cells needs this and no more. */
export interface Cell<P = any, S = any> {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Size of the input, where an option says it. */
  readonly input: number | undefined;
  /** Whether a step reads random numbers in training. */
  readonly draws: boolean;
  /** Initialisers of the parameters, for an input of this shape. */
  params(input: Shape): any;
  /** Types of the state, for an input of this shape; floats are of type `float`. */
  state(input: Shape, float: DType): any;
  noise(input: Shape): any;
  /**
   * The part of the parameters that is the state before the first step, in the tree of the state.
   */
  learned(params: any): any;
  step(state: S, x: Tensor, params: P, context: StepContext): Next<S>;
  /** All moments at once, where the cell has such a form. */
  readonly parallel?: (state: S, xs: Tensor, params: P, context: SequenceContext) => Sequence<S>;
  readonly prefers: Evaluation;
  /** Moments back that a step reads a state from, where that is more than one. */
  readonly skip?: number;
  /** Refuses input [batch, time, …] whose numbers the cell cannot take. */
  readonly check?: (x: Tensor, valid?: Tensor) => void;
  /** The same with each of its cells changed, where it is made of others. */
  readonly mapCells?: (change: (cell: Cell) => Cell) => Cell;
}

/** The part of a moment that is not the cell's own. */
export interface StepContext {
  readonly train: boolean;
  readonly noise: any;
}
export interface SequenceContext extends StepContext {
  readonly valid: Tensor | undefined;
}

export type CellFactory<O, P, S> = (options: CellOptions & Partial<O>) => Cell<P, S>;

/**
 * Declare a cell.
 * @returns a function of options, such as { size: 32 }, that gives the cell
 * @throws "unknown-option", "bad-argument" from that function
 */
export function cell<P, const S, O extends object = Record<never, never>>(
  definition: CellDefinition<O, P, S>,
): CellFactory<O, Drawn<P>, Traced<S>> {
  const { name, parallel, prefer = "sequential", check, axes = 1 } = definition;
  return (given) => {
    const options = checked(name, given, definition.options ?? {});
    const { input, initial, ...own } = options;
    const sizes = (shape: Shape) => {
      checkAxes(name, shape, axes);
      return sizesOf(name, own, shape, input as number | undefined);
    };
    const states = (shape: Shape) => {
      const found = definition.state(sizes(shape) as never);
      checkLeaves(`state of cell "${name}"`, found, isShape, "a shape, such as [3]");
      return found;
    };
    return {
      name,
      options,
      input: input as number | undefined,
      draws: definition.noise !== undefined,
      params(shape) {
        const params = definition.params(sizes(shape) as never, init);
        checkLeaves(
          `params of cell "${name}"`,
          params,
          isInitial,
          "an initialiser, such as init.zeros([3])",
        );
        if (params !== null && typeof params === "object" && "initial" in params)
          fail("bad-argument", {
            where: `params of cell "${name}"`,
            given: '"initial", where a learned state is kept',
            expected: "another name",
          });
        if (initial !== "learned") return params;
        return { ...params, initial: mapTree(states(shape), learn, isShape) };
      },
      state: (shape, float) => mapTree(states(shape), (leaf) => typeOf(leaf, float), isShape),
      noise: (shape) =>
        mapTree(definition.noise?.(sizes(shape) as never) ?? {}, (leaf) => leaf, isShape),
      learned: (params) => params?.initial,
      step: (state, x, params, context) =>
        definition.step(state, x, params, { ...sizes(x.shape), ...context } as never),
      ...(parallel && {
        parallel: (state, xs, params, context) =>
          parallel.call(definition, state, xs, params, {
            ...sizes(xs.shape.slice(1)),
            ...context,
          } as never),
      }),
      prefers: prefer,
      ...(check && {
        check: (x, valid) => check(x, sizes(x.shape.slice(2)) as never, valid),
      }),
    };
  };
}

const isNumbers = (x: unknown): x is Shape =>
  Array.isArray(x) && x.every((n) => Number.isInteger(n) && n >= 0);
const isType = (x: unknown): x is Type =>
  typeof x === "object" && x !== null && isNumbers((x as Type).shape) && "dtype" in x;
const isShape = (x: unknown): boolean => isNumbers(x) || isType(x);
const shapeOf = (leaf: Shape | Type): Shape => (isNumbers(leaf) ? leaf : leaf.shape);

const typeOf = (leaf: Shape | Type, float: DType): Type => ({
  shape: shapeOf(leaf),
  dtype: isType(leaf) ? leaf.dtype : float,
});

/** @throws "bad-argument" naming the leaf of a tree that is not what it should be */
function checkLeaves(
  where: string,
  tree: unknown,
  isLeaf: (x: unknown) => boolean,
  expected: string,
  path = "",
): void {
  if (isLeaf(tree)) return;
  const isTree = typeof tree === "object" && tree !== null && !(tree instanceof Tensor);
  if (!isTree || (Array.isArray(tree) && tree.some((x) => typeof x === "number")))
    fail("bad-argument", {
      where: path ? `${where}: "${path}"` : where,
      given: tree instanceof Tensor ? "a tensor" : String(JSON.stringify(tree)),
      expected,
    });
  for (const [key, branch] of Object.entries(tree as object))
    checkLeaves(where, branch, isLeaf, expected, path ? `${path}.${key}` : key);
}

function learn(leaf: Shape | Type, path: string) {
  if (isType(leaf) && (leaf.dtype === "int32" || leaf.dtype === "bool"))
    fail("bad-argument", {
      where: `state "${path}"`,
      given: `initial: "learned" for ${leaf.dtype}`,
      expected: 'floats, or initial: "zero"',
    });
  return init.zeros(shapeOf(leaf));
}

/** @throws "no-features", "bad-argument" unless a moment has as many axes as the cell reads */
function checkAxes(name: string, shape: Shape, axes: number): void {
  if (shape.length === 0) fail("no-features", { what: `cell "${name}"` });
  if (shape.length === axes) return;
  const size = shape.reduce((product, n) => product * n, 1);
  fail("bad-argument", {
    where: `cell "${name}"`,
    given: `moments of the shape ${showShape(shape)}`,
    expected:
      axes === 1
        ? `vectors, such as by reshaping the input to [batch, time, ${size}]; where the cell ` +
          `is yours, it may declare axes: ${shape.length}`
        : `moments of ${axes} axes`,
  });
}

function sizesOf(name: string, own: object, shape: Shape, input: number | undefined) {
  const last = shape[shape.length - 1];
  if (input !== undefined && last !== input)
    fail("input-mismatch", { what: `cell "${name}"`, made: input, given: showShape(shape) });
  return { ...own, input: last, inputShape: shape };
}

/** Options with defaults filled in. */
function checked(name: string, given: CellOptions, defaults: object): Record<string, unknown> {
  const known = ["size", "input", "initial", ...Object.keys(defaults)];
  checkOptions(name, given, [...new Set(known)]);
  const chosen: Record<string, unknown> = { initial: "zero", ...defaults };
  for (const [key, value] of Object.entries(given)) if (value !== undefined) chosen[key] = value;
  for (const key of ["size", "input"] as const)
    if (chosen[key] !== undefined || key === "size") wholeNumber(`${name}: ${key}`, chosen[key]);
  for (const [key, value] of Object.entries(defaults))
    checkLike(`${name}: ${key}`, chosen[key], value);
  oneOf(`${name}: initial`, chosen.initial, ["zero", "learned"]);
  return chosen;
}

/** Where the default is a number or a switch, so is what is given instead. */
function checkLike(where: string, value: unknown, usual: unknown): void {
  const kind = typeof usual;
  if ((kind === "number" || kind === "boolean") && typeof value !== kind)
    fail("bad-argument", {
      where,
      given: shown(value),
      expected: kind === "number" ? `a number, such as ${usual}` : "true or false",
    });
}

/** @throws "bad-argument" unless `value` is a whole number ≥ 1 */
export function wholeNumber(where: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1)
    fail("bad-argument", { where, given: shown(value), expected: "a whole number ≥ 1" });
  return value as number;
}

/** @throws "bad-argument" unless `value` is a finite number above 0, or 0 where that is allowed */
export function positiveNumber(where: string, value: unknown, { orZero = false } = {}): number {
  const isNumber = typeof value === "number" && Number.isFinite(value);
  if (!isNumber || value < 0 || (value === 0 && !orZero))
    fail("bad-argument", {
      where,
      given: shown(value),
      expected: orZero ? "a number ≥ 0" : "a number above 0",
    });
  return value;
}

/** Run `f`; its errors name the step of the cell. */
export const inStepOf = <T>(name: string, f: () => T): T => within(`step of cell "${name}"`, f);
/** Run `f`; its errors name the form of the cell that takes all moments at once. */
export const inParallelFormOf = <T>(name: string, f: () => T): T =>
  within(`parallel form of cell "${name}"`, f);
