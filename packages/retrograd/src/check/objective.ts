/**
 * One number of a model, and the places where its derivative is looked at: every parameter, and
 * every time step, through what enters it from outside and from the step before.
 */

import { lettersOfRank } from "../ops/axes.ts";
import { add } from "../ops/elementwise.ts";
import { map } from "../ops/map.ts";
import * as random from "../ops/random.ts";
import { isFloat } from "../scalar/dtype.ts";
import { mul, slot } from "../scalar/index.ts";
import type { Graph } from "../tensor/graph.ts";
import { concrete, float64, type Tensor } from "../tensor/tensor.ts";
import { flatten, leavesOf } from "../tensor/tree.ts";
import { traceTree } from "../transform/function.ts";
import { probed } from "./loops.ts";
import type { Numbers } from "./program.ts";
import type { Subject } from "./subject.ts";

/** A part of the arguments that is moved at once. */
export interface Place {
  /** `parameter "0.Wh"`, `step 3` */
  readonly name: string;
  readonly kind: "parameter" | "step";
  /** For each argument that is moved: which of its numbers, all of them without. */
  readonly parts: ReadonlyMap<number, (at: number) => boolean>;
}

export interface Objective {
  /** (params…, inputs…, state…, probes…) → one number. */
  readonly graph: Graph;
  readonly args: Numbers;
  readonly places: readonly Place[];
  /** Relative error that compiled code may make: 0 in float64. */
  readonly rounding: number;
}

/**
 * A weighted sum of all that a model gives, outputs and last state, with random weights: a
 * derivative that is wrong anywhere makes that of the sum wrong.
 *   L = Σ w ∘ y
 * @param loss  another number of the output, instead
 */
export function objectiveOf(subject: Subject, loss?: (output: any) => Tensor): Objective {
  const { params, inputs, state, kind, rows, time } = subject;
  const lengths = kind === "model" && rows! > 1 ? ragged(rows!, time) : undefined;
  const weigh = loss ?? ((given: any) => weighted(given));
  const given = [params, inputs, state] as const;
  const traceWith = (masked: Tensor | undefined) =>
    traceTree((p, x, s) => {
      const ran = subject.run(p, x, { ...(s && { state: s }), ...(masked && { lengths: masked }) });
      return { loss: loss ? weigh(ran.output) : weigh([ran.output, ran.state]) };
    }, given);
  const traced = masks(() => traceWith(lengths)) ?? traceWith(undefined);
  const { graph, probes } = probed(traced.graph);
  const zeros = probes.map(({ input }) => new Float64Array(input.size));
  const args = [...given.flatMap((tree) => flatten(tree)).map(float64), ...zeros];
  return {
    graph,
    args,
    places: placesOf(subject, graph, zeros.length),
    rounding: subject.exact ? 0 : 1e-3,
  };
}

/** Undefined for a model that takes no lengths; what else is wrong with it shows without them. */
function masks<T>(trace: () => T): T | undefined {
  try {
    return trace();
  } catch {
    return undefined;
  }
}

/** Every second sequence is shorter, so that masks are at work. */
function ragged(rows: number, time: number): Tensor {
  const data = Int32Array.from({ length: rows }, (_, b) => (b % 2 ? Math.ceil(time / 2) : time));
  return concrete(data, { shape: [rows], dtype: "int32" }, "lengths");
}

function weighted(tree: any): Tensor {
  const floats = flatten(tree).filter((t) => isFloat(t.dtype));
  const sums = floats.map((t, k) => {
    const w = random.normal(random.key(1000 + k), t.shape, { dtype: t.dtype as "float64" });
    const letters = lettersOfRank(t.rank);
    return map(`${letters},${letters}->`, mul(slot(0), slot(1)), [t, w], { name: "weighted" });
  });
  const [first, ...rest] = sums;
  return rest.reduce((a, b) => (a.dtype === b.dtype ? add(a, b) : a), first);
}

function placesOf({ params, inputs, state, time, kind }: Subject, graph: Graph, probes: number) {
  const leaves = leavesOf<Tensor>(params);
  const places: Place[] = [];
  leaves.forEach(([path, t], k) => {
    const name = `parameter "${path}"`;
    if (isFloat(t.dtype))
      places.push({ name, kind: "parameter", parts: new Map([[k, () => true]]) });
  });
  const [series, first] = [flatten(inputs), flatten(state)];
  const firstProbe = graph.inputs.length - probes;
  const axis = kind === "model" ? 1 : 0;
  for (let t = 0; t < time; t++) {
    const parts = new Map<number, (at: number) => boolean>();
    series.forEach((x, k) => {
      if (isFloat(x.dtype)) parts.set(leaves.length + k, momentOf(x.shape, axis, t));
    });
    if (t === 0)
      first.forEach((s, k) => {
        if (isFloat(s.dtype)) parts.set(leaves.length + series.length + k, () => true);
      });
    for (let k = firstProbe; k < graph.inputs.length; k++) {
      const { shape } = graph.inputs[k];
      if (t < shape[0]) parts.set(k, momentOf(shape, 0, t));
    }
    if (parts.size > 0) places.push({ name: `step ${t}`, kind: "step", parts });
  }
  return places;
}

/** Whether a row-major place has index `t` on an axis. */
function momentOf(shape: readonly number[], axis: number, t: number): (at: number) => boolean {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return (at) => Math.floor(at / inner) % shape[axis] === t;
}
