/**
 * Autopsy: where the first NaN or infinity came from. The batch that went wrong is evaluated again,
 * op by op and step by step, by the reference rules with every value rounded to its dtype; the
 * first op that makes something non-finite from finite numbers is the one to name.
 */
import { jit, type TargetName } from "../jit/jit.ts";
import { scanOp, stepThrough } from "../loops/scan.ts";
import { mapOp, nameOfMap } from "../ops/map.ts";
import { parts } from "../scalar/expr.ts";
import { roundTo } from "../scalar/index.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import {
  concrete,
  constantOp,
  float64,
  type Node,
  type Shape,
  sizeOf,
  type Tensor,
} from "../tensor/tensor.ts";
import { leavesOf, mapTree } from "../tensor/tree.ts";
import { traceTree } from "../transform/function.ts";
import type { Fed } from "./batch.ts";
import { sparingFrozen, split } from "./frozen.ts";
import { meanOf } from "./losses/loss.ts";
import type { Lesson, Method } from "./method.ts";
import type { Carry } from "./step.ts";

/** What was found; the data of "not-finite", or of the `code` it names. */
export interface Finding {
  readonly code?: "data-not-finite";
  readonly what: string;
  /** Time step within the batch, from 0; undefined where it happened outside of time. */
  readonly step: number | undefined;
  readonly op: string;
  /** Path of a parameter that is concerned. */
  readonly parameter?: string;
}

/** A step that went wrong. */
export interface Case {
  readonly method: Method;
  readonly lesson: Lesson;
  /** As it was before the step. */
  readonly carry: Carry;
  readonly target: TargetName | undefined;
}

/** Find what makes the loss or the gradient of a step non-finite; undefined when nothing does. */
export function autopsy(given: Case): Finding | undefined {
  const { lesson, carry } = given;
  const updates = carry.step.item();
  return inParameters(carry.params, updates) ?? inBatch(lesson.batch) ?? inComputation(given);
}

/** The place of the first number that is not finite, among those that count; −1 without one. */
function firstBad(values: ArrayLike<number>, counts = (_: number) => true): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]) && counts(i)) return i;
  return -1;
}

function inParameters(params: any, updates: number): Finding | undefined {
  const bad = leavesOf<Tensor>(params).find(([, t]) => firstBad(t.data) >= 0);
  if (!bad) return undefined;
  const [parameter] = bad;
  const what = `Parameter "${parameter}"`;
  const op = updates ? `update ${updates}` : "the values it began with";
  return { what, step: undefined, op, parameter };
}

/** The inputs and the targets where they count: within the lengths, and not where a mask hides. */
function inBatch({ inputs, targets, mask, lengths }: Fed): Finding | undefined {
  const [, time = 1] = inputs.shape;
  const look = (what: string, { data, shape }: Tensor, weights?: Tensor): Finding | undefined => {
    const rowOf = (at: number) => Math.floor(at / sizeOf(shape.slice(1)));
    const stepOf = (at: number) =>
      shape[1] === time ? Math.floor(at / sizeOf(shape.slice(2))) % time : undefined;
    const each = weights ? sizeOf(shape.slice(weights.rank)) : 1;
    const at = firstBad(data, (i) => {
      const length = lengths?.data[rowOf(i)] ?? Infinity;
      return weights?.data[Math.floor(i / each)] !== 0 && (stepOf(i) ?? -1) < length;
    });
    if (at < 0) return undefined;
    const [step, op] = [stepOf(at), `row ${rowOf(at)} of the batch`];
    return { code: "data-not-finite", what, step, op };
  };
  return look("The input", inputs) ?? look("The target", targets, mask);
}

/** Multiply-adds that the reference rules do in about a second. */
const PATIENCE = 2e7;

function inComputation(given: Case): Finding | undefined {
  const { params } = given.carry;
  const [rows, time = 1] = given.lesson.batch.inputs.shape;
  const size = leavesOf<Tensor>(params).reduce((n, [, t]) => n + t.size, 0);
  const long = rows > 1 && 3 * size * rows * time > PATIENCE;
  const { lesson, carry } = long ? (suspect(given) ?? given) : given;
  const learn = learner({ ...given, lesson });
  const { graph } = traceTree(learn, [params, carry.state, lesson.batch]);
  const args = leavesOf<Tensor>([params, carry.state, lesson.batch]).map(([, t]) => float64(t));
  const walk = new Walk(lesson.batch.inputs.shape);
  const [loss, ...grads] = walk.through(graph, args, undefined);
  const at = grads.findIndex((g) => firstBad(g) >= 0);
  const parameter = at < 0 ? undefined : leavesOf(split(lesson.model, params).learning)[at][0];
  const found = walk.first;
  if (!found) return undefined;
  const named = parameter === undefined ? "" : `, and with it the gradient of "${parameter}",`;
  const what = firstBad(loss) >= 0 ? `The loss${named}` : `The gradient of "${parameter}"`;
  return { what, ...found, ...(parameter === undefined ? {} : { parameter }) };
}

const learner =
  ({ method, lesson }: Case) =>
  (params: any, state: any, batch: Fed) => {
    const { mean, grads } = sparingFrozen(method).learn({ ...lesson, batch }, params, state);
    return { loss: meanOf(mean), grads };
  };

/** The same case for the first row that goes wrong by itself, found by the compiled step. */
function suspect(given: Case): Case | undefined {
  const { lesson, carry, target } = given;
  const [rows] = lesson.batch.inputs.shape;
  const learn = jit(learner(given), { target });
  for (let row = 0; row < rows; row++) {
    const batch = mapTree(lesson.batch, (t: Tensor) => rowOf(t, row, rows));
    const state = mapTree(carry.state, (t: Tensor) => rowOf(t, row, rows));
    const out = learn(carry.params, state, batch);
    if (leavesOf<Tensor>(out).some(([, t]) => firstBad(t.data) >= 0))
      return { ...given, lesson: { ...lesson, batch }, carry: { ...carry, state } };
  }
  return undefined;
}

/** One row of a tensor [rows, …], as a batch of one. */
function rowOf(t: Tensor, row: number, rows: number): Tensor {
  if (t.shape[0] !== rows) return t;
  const inner = t.size / rows;
  const data = t.data.slice(row * inner, (row + 1) * inner);
  return concrete(data, { shape: [1, ...t.shape.slice(1)], dtype: t.dtype }, t.name);
}

/** Evaluation that remembers the first op whose result is not finite though its arguments were. */
class Walk {
  first: { op: string; step: number | undefined } | undefined;
  readonly #inputs: Shape;

  constructor(inputs: Shape) {
    this.#inputs = inputs;
  }

  through(graph: Graph, args: readonly Float64Array[], step: number | undefined): Float64Array[] {
    const values = new Map<Node, Float64Array[]>(
      graph.inputs.map((t, i) => [t.node, [args[i]]] as const),
    );
    for (const node of topological(graph.outputs)) {
      if (values.has(node)) continue;
      const given = node.args.map((a) => values.get(a.node)![a.output]);
      const isLoop = node.op === scanOp;
      const out = isLoop
        ? stepThrough(node, given, (inner, entering, t) => this.through(inner, entering, t))
        : node.op.evaluate(node, given);
      const rounded = out.map((v, i) => Float64Array.from(roundTo(node.outputs[i].dtype, v)));
      if (!this.first && !isLoop && this.breaks(node, given, rounded))
        this.first = { op: nameOf(node), step: step ?? this.timeOf(node, rounded) };
      values.set(node, rounded);
    }
    return graph.outputs.map((t) => values.get(t.node)![t.output]);
  }

  private breaks(
    node: Node,
    given: readonly Float64Array[],
    out: readonly Float64Array[],
  ): boolean {
    if (node.op === constantOp || given.some((v) => firstBad(v) >= 0)) return false;
    const meant = writesInfinity(node);
    return out.some((v) => (meant ? v.some(Number.isNaN) : firstBad(v) >= 0));
  }

  /** The time step of the first bad number of a tensor [batch, time, …]. */
  private timeOf(node: Node, out: readonly Float64Array[]): number | undefined {
    const k = out.findIndex((v) => firstBad(v) >= 0);
    const { shape } = node.outputs[k];
    const [rows, time] = this.#inputs;
    if (shape[0] !== rows || shape[1] !== time) return undefined;
    return Math.floor(firstBad(out[k]) / sizeOf(shape.slice(2))) % time;
  }
}

const nameOf = ({ op, attrs }: Node): string =>
  op === mapOp ? nameOfMap(attrs) : (attrs?.name ?? op.name);

/** Masks write −∞ on purpose. */
function writesInfinity(node: Node): boolean {
  if (node.op !== mapOp) return false;
  let found = node.attrs.reduce === "max";
  parts(node.attrs.body, (e) => {
    if (e.kind === "const" && !Number.isFinite(e.value)) found = true;
  });
  return found;
}
