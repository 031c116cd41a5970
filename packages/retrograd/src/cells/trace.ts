/**
 * One step of a cell as a graph, or all of its moments at once: traced for one sample, checked, and
 * batched by a graph transform, so that what a user writes never meets the batch axis.
 */
import { fail } from "../errors/layers.ts";
import type { DType } from "../scalar/dtype.ts";
import { close, type Graph } from "../tensor/graph.ts";
import {
  placeholder,
  type Shape,
  sameShape,
  showType,
  Tensor,
  type Type,
} from "../tensor/tensor.ts";
import { flattenLike, leavesOf, mapTree } from "../tensor/tree.ts";
import { batchWhere, repeat } from "../transform/batch.ts";
import { type Cell, inStepOf } from "./cell.ts";
import { isInitial } from "./init.ts";
import { sequenceOf } from "./sequence.ts";

/** The types between which a step, or a whole sequence, runs; trees of types. */
export interface StepTypes {
  readonly state: unknown;
  /**
   * Parts of the state whose value is known while it is traced, by path: a form over all moments
   * may leave out what it makes needless.
   */
  readonly known?: ReadonlyMap<string, Tensor>;
  readonly x: Type;
  readonly params: unknown;
  /** Absent outside training. */
  readonly noise?: unknown;
  /** Which moments of a sequence are valid, where not all of them are. */
  readonly valid?: Type;
}

/** (state…, x, noise…, valid?, params…, captured…) → (next state…, output). */
export interface StepGraph {
  readonly graph: Graph;
  readonly captured: readonly Tensor[];
  readonly output: Type;
}

export const isType = (x: unknown): x is Type =>
  x instanceof Tensor || isInitial(x) || (typeof x === "object" && x !== null && "dtype" in x);

/** Leaves of a tree of types, with their paths. */
export const typesOf = (tree: unknown): [string, Type][] => leavesOf<Type>(tree, isType);

/**
 * Trace one step.
 * @throws "state-shape", "tree-mismatch", "step-result", and whatever the step throws, all of which
 *   name the cell and the names that its step uses
 */
export function traceStep(cell: Cell, types: StepTypes): StepGraph {
  return inStepOf(cell.name, () =>
    traceWith(types, (state, x, params, { train, noise }) =>
      checkResult(cell.step(state, x, params, { train, noise })),
    ),
  );
}

/**
 * Trace a whole sequence of one sample: x is [time, …], and so are noise, valid and the output.
 * @throws what `traceStep` does, naming the parallel form of the cell
 */
export function traceSequence(cell: Cell, types: StepTypes): StepGraph {
  return traceWith(types, (state, xs, params, context) => {
    const { state: last, outputs } = sequenceOf(cell, state, xs, params, context);
    return { state: last, output: outputs };
  });
}

type Run = (
  state: any,
  x: Tensor,
  params: any,
  context: { train: boolean; noise: any; valid: Tensor | undefined },
) => { state: unknown; output: Tensor };

/** Trace what leads from one state to another, and check that it does. */
function traceWith(types: StepTypes, run: Run): StepGraph {
  const inputs: Tensor[] = [];
  const place = (tree: unknown) =>
    mapTree(tree, (type: Type, path) => add(inputs, type, path), isType);
  const state = mapTree(place(types.state), (t: Tensor, path) => types.known?.get(path) ?? t);
  const x = add(inputs, types.x, "x");
  const train = types.noise !== undefined;
  const noise = train ? place(types.noise) : undefined;
  const valid = types.valid && add(inputs, types.valid, "valid");
  const params = place(types.params);
  const { state: leaving, output } = run(state, x, params, { train, noise, valid });
  const leaves = flattenLike(state, leaving, "the next state");
  typesOf(types.state).forEach(([name, enters], k) => checkKept(name, enters, leaves[k]));
  const { graph, captured } = close({ inputs, outputs: [...leaves, output] });
  return { graph, captured, output: { shape: output.shape, dtype: output.dtype } };
}

function add(inputs: Tensor[], { shape, dtype }: Type, name: string): Tensor {
  const t = placeholder({ shape, dtype }, name);
  inputs.push(t);
  return t;
}

function checkResult(next: unknown): { state: unknown; output: Tensor } {
  const result = next as { state?: unknown; output?: unknown } | null | undefined;
  const given =
    result === null || typeof result !== "object"
      ? String(result)
      : result instanceof Tensor
        ? "a tensor"
        : `{ ${Object.keys(result).join(", ")} }`;
  if (!result || !(result.output instanceof Tensor) || typeof result.state !== "object")
    fail("step-result", { given });
  return result as { state: unknown; output: Tensor };
}

function checkKept(name: string, enters: Type, leaves: Type): void {
  if (!sameShape(enters.shape, leaves.shape) || enters.dtype !== leaves.dtype)
    fail("state-shape", { op: "cell", name, enters: showType(enters), leaves: showType(leaves) });
}

/**
 * What a cell gives for one sample: the types of its state, and of its output.
 * @param float  the float type of the model, which the parameters have
 */
export function typesOfCell(
  cell: Cell,
  input: Type,
  float: DType,
): { params: any; state: any; output: Type } {
  const initial = cell.params(input.shape);
  const state = cell.state(input.shape, float);
  const params = typed(withoutInitial(initial), float);
  const { output } = traceStep(cell, { state, x: input, params });
  return { params: initial, state, output };
}

/** Shapes or initialisers as types. */
export const typed = (tree: unknown, dtype: DType, isLeaf = isInitial): any =>
  mapTree(tree, (leaf: { shape: Shape }) => ({ shape: leaf.shape, dtype }), isLeaf);

/** Parameters that the step reads: all but a learned initial state. */
export function withoutInitial<P>(params: P): P {
  if (Array.isArray(params)) return params.map(withoutInitial) as P;
  if (params === null || typeof params !== "object" || !("initial" in params)) return params;
  const { initial: _, ...rest } = params;
  return rest as P;
}

/**
 * The step for a batch: state, x and noise get a leading axis, parameters do not, and everything
 * that leaves has one.
 */
export function batchStep({ graph, captured }: StepGraph, params: number, size: number): Graph {
  const shared = params + captured.length;
  const which = graph.inputs.map((_, k) => k < graph.inputs.length - shared);
  const wide = batchWhere(graph, which, size);
  const outputs = wide.graph.outputs.map((t, k) => (wide.batched[k] ? t : repeat(t, size)));
  return { inputs: wide.graph.inputs, outputs };
}
