/**
 * Elementwise kernels: one pass over memory that computes a cluster of maps with one iteration
 * space. Values used inside the cluster stay in registers; only those that others read are
 * stored.
 */
import { lettersOfRank, namedSizes } from "../ops/axes.ts";
import type { DType } from "../scalar/dtype.ts";
import { bytesOf } from "../scalar/dtype.ts";
import { type Expr, lettersOf, parts } from "../scalar/index.ts";
import { type Axis, addressOf, axesOf, byStride, joinAxes, type Operand } from "./axes.ts";
import { Body } from "./body.ts";
import {
  type Abilities,
  type Access,
  at,
  type Kernel,
  loop,
  type Stmt,
  type Value,
} from "./nest.ts";
import { integer, load, store } from "./values.ts";
import { type View, viewKey } from "./view.ts";

/** One map of a cluster; a number among its operands is an earlier step of the same cluster. */
export interface PointwiseStep {
  readonly body: Expr;
  readonly operands: readonly (Operand | number)[];
  readonly dtype: DType;
  readonly stores: readonly View[];
  readonly name: string;
}
export interface Cluster {
  /** Letters of the iteration space, in the order of the axes of what is stored. */
  readonly letters: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly steps: readonly PointwiseStep[];
}

export function pointwise(cluster: Cluster, can: Abilities): Kernel {
  const { letters, sizes, steps } = cluster;
  const reads: Operand[] = [],
    writes: Operand[] = [];
  const readAt = new Map<string, number>();
  for (const step of steps) {
    for (const o of step.operands)
      if (typeof o !== "number" && !readAt.has(keyOf(o))) readAt.set(keyOf(o), reads.push(o) - 1);
    for (const view of step.stores) writes.push({ view, letters });
  }
  const accesses = [...writes, ...reads];
  const indexed = new Set(steps.flatMap((s) => [...lettersOf(s.body)]));
  const axes = joinAxes(byStride(axesOf(letters, sizes, accesses), 0), indexed);
  const index = axes.map((_, d) => `i${d}`);
  const inner = axes[axes.length - 1];
  const lanes =
    inner && writes.every((_, k) => inner.strides[k] === 1) ? lanesFor(steps, reads, can) : 1;
  const emit = (width: number, name: string, start: number): Stmt[] =>
    bodyOf(cluster, {
      reads,
      writes,
      readAt,
      axes,
      index: [...index.slice(0, -1), name],
      width,
      start,
    });
  const elements = axes.reduce((n, a) => n * a.size, 1);
  let body: Stmt[];
  if (!inner)
    body = bodyOf(cluster, { reads, writes, readAt, axes, index: [], width: 1, start: 0 });
  else {
    const vectors = lanes > 1 ? Math.floor(inner.size / lanes) * lanes : 0;
    body = [
      ...loop("v", vectors, emit(lanes, "v", 0), lanes),
      ...loop("s", inner.size - vectors, emit(1, "s", vectors)),
    ];
    for (let d = axes.length - 2; d >= 0; d--) body = loop(index[d], axes[d].size, body);
  }
  const stored = new Set(writes.map((w) => layoutKey(w, letters)));
  const access = (o: Operand): Access => {
    const key = layoutKey(o, letters);
    return {
      buffer: o.view.buffer,
      aligned: stored.has(key) && covers(o, letters, sizes) ? key : undefined,
    };
  };
  return {
    name: [...new Set(steps.map((s) => s.name))].slice(0, 4).join("_"),
    body,
    reads: reads.map(access),
    writes: writes.map(access),
    flops: elements * steps.reduce((n, s) => n + costOf(s.body), 0),
    note: `elementwise over ${[...letters].map((l) => sizes[l]).join("×") || "one element"}: ${steps.length} map${steps.length > 1 ? "s fused" : ""}, ${lanes} lane${lanes > 1 ? "s" : ""}`,
  };
}

/** One map that writes a whole view; its operands are read along `letters`, those of its axes. */
export function writing(
  to: View,
  name: string,
  body: Expr,
  operands: readonly View[],
  can: Abilities,
  letters = lettersOfRank(to.shape.length),
): Kernel {
  const read = operands.map((view) => ({ view, letters }));
  const step = { body, operands: read, dtype: to.buffer.dtype, stores: [to], name };
  return pointwise({ letters, sizes: namedSizes(letters, to.shape), steps: [step] }, can);
}

const keyOf = (o: Operand): string => `${viewKey(o.view)}|${o.letters}`;
/** Equal for accesses that touch the same element of their own buffer at each point. */
const layoutKey = (o: Operand, letters: string): string =>
  `${o.view.offset.base}+${o.view.offset.terms}:${[...letters].map((l) => o.view.strides[o.letters.indexOf(l)] ?? 0)}`;
const covers = (o: Operand, letters: string, sizes: Readonly<Record<string, number>>): boolean =>
  [...letters].every((l) => sizes[l] === 1 || o.letters.includes(l));

export function costOf(e: Expr): number {
  let cost = 0;
  parts(e, (x) => {
    if (x.kind === "call") cost += x.fn.cost;
  });
  return cost;
}

/** Lanes of a vector when all numbers are of one width; 1 where widths mix. */
export function lanesFor(
  steps: readonly { dtype: DType; operands: readonly (Operand | number)[]; body: Expr }[],
  reads: readonly Operand[],
  can: Abilities,
): number {
  const dtypes = new Set<DType>([
    ...steps.map((s) => s.dtype),
    ...reads.map((r) => r.view.buffer.dtype),
  ]);
  const widths = new Set([...dtypes].map(bytesOf));
  if (widths.size !== 1) return 1;
  const [width] = widths;
  const converts = steps.some((s) => changesWidth(s.body, width));
  return converts ? 1 : can.vectorBytes / width;
}

/** True when a body passes through numbers of another width. */
function changesWidth(e: Expr, width: number): boolean {
  let found = lettersOf(e).size > 0 && width === 8;
  parts(e, (x) => {
    if (x.kind !== "call") return;
    const rule = x.fn.rule;
    if (rule === "float64" ? width === 4 : (rule === "float32" || rule === "int32") && width === 8)
      found = true;
    if (rule === "bool" && width === 8) found = true;
  });
  return found;
}

interface Place {
  reads: readonly Operand[];
  writes: readonly Operand[];
  readAt: Map<string, number>;
  axes: readonly Axis[];
  index: readonly string[];
  width: number;
  start: number;
}

function bodyOf({ letters, steps }: Cluster, p: Place): Stmt[] {
  const out = new Body(p.width, `x${p.width}_`);
  const values: Value[] = [];
  const inner = p.axes[p.axes.length - 1];
  const startOf = (k: number) => (inner ? p.start * inner.strides[k] : 0);
  const read = (o: Operand): Value => {
    const k = p.writes.length + p.readAt.get(keyOf(o))!;
    const where = addressOf(o, k, p.axes, p.index, startOf(k));
    return out.load(load(o.view, where, inner ? inner.strides[k] : 0, p.width), `load ${k}`);
  };
  const indexOf = (letter: string): Value => {
    const d = p.axes.findIndex((a) => a.letters === letter),
      last = d === p.axes.length - 1;
    const where = d < 0 ? at(0) : at(last ? p.start : 0, [p.index[d], 1]);
    return integer(where, last ? 1 : 0, p.width);
  };
  // Stores come last: a store may lie where a later step still reads (see mayShare).
  const stores: Stmt[] = [];
  for (const step of steps) {
    const slots = step.operands.map((o) => (typeof o === "number" ? values[o] : read(o)));
    const value = out.value(step.body, { slots, index: indexOf }, step.dtype);
    values.push(value);
    for (const view of step.stores) {
      const k = stores.length;
      const where = addressOf({ view, letters }, k, p.axes, p.index, startOf(k));
      stores.push(store(view, where, value));
    }
  }
  return [...out.statements, ...stores];
}
