/**
 * Targets held against the reference: the same graph, the same numbers, on every target that runs
 * here, in float64 and narrowed to float32. A new target is tested everywhere by its name in
 * RETROGRAD_TARGETS; native takes minutes that way, so native.test.ts joins many cases in one program.
 */
import { expect } from "vitest";
import "../../src/node/native/index.ts";
import { compileGraph, type TargetName } from "../../src/jit/jit.ts";
import type { MapAttrs } from "../../src/ops/map.ts";
import { type Data, type DType, isFloat, round } from "../../src/scalar/dtype.ts";
import { call, type Expr, toFloat32 } from "../../src/scalar/index.ts";
import { type Graph, run, topological } from "../../src/tensor/graph.ts";
import {
  concrete,
  inputOp,
  type Node,
  placeholder,
  record,
  type Tensor,
} from "../../src/tensor/tensor.ts";
import { numbers, valuesOf } from "../derivatives.ts";

export const targets = (process.env.RETROGRAD_TARGETS ?? "wasm").split(",");
export const floats = ["float64", "float32"] as const;
export type Float = (typeof floats)[number];

/** Largest error, relative to the largest number of the tensor; random sums cancel a few bits. */
const TOLERANCE: Record<DType, number> = { float64: 1e-12, float32: 1e-4, int32: 0, bool: 0 };

/** The graph with float32 in the place of every float64, in steps of loops too. */
export function narrowed(graph: Graph): Graph {
  const now = new Map<Node, readonly Tensor[]>();
  const move = (t: Tensor): Tensor => now.get(t.node)![t.output];
  const inputs = graph.inputs.map((t) => {
    const fresh = placeholder({ shape: t.shape, dtype: narrow(t.dtype) }, t.name);
    now.set(t.node, [fresh]);
    return fresh;
  });
  for (const n of topological(graph.outputs)) {
    if (now.has(n)) continue;
    if (n.op === inputOp) throw new Error("a graph to narrow must be closed");
    now.set(
      n,
      n.op.lower === "constant"
        ? n.outputs.map((t) => concrete(narrowData(n.attrs), { ...t, dtype: narrow(t.dtype) }))
        : record(n.op, n.args.map(move), narrowAttrs(n)),
    );
  }
  return { inputs, outputs: graph.outputs.map(move) };
}
const narrow = (dtype: DType): DType => (dtype === "float64" ? "float32" : dtype);
const narrowData = (data: Data): Data =>
  data instanceof Float64Array ? Float32Array.from(data) : data;

function narrowAttrs({ op, attrs }: Node): unknown {
  if (op.name === "map") {
    const { body, dtype } = attrs as MapAttrs;
    return { ...attrs, body: narrowBody(body), dtype: narrow(dtype) };
  }
  const graphs = ["step", "graph", "condition", "body"].filter((key) => attrs?.[key]?.outputs);
  if (graphs.length === 0) return attrs?.dtype ? { ...attrs, dtype: narrow(attrs.dtype) } : attrs;
  return { ...attrs, ...Object.fromEntries(graphs.map((key) => [key, narrowed(attrs[key])])) };
}

function narrowBody(e: Expr): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (x: Expr): Expr => {
    if (x.kind !== "call") return x;
    const known = done.get(x);
    if (known) return known;
    const args = x.args.map(visit);
    const y = x.fn.name === "toFloat64" ? toFloat32(args[0]) : call(x.fn, args);
    done.set(x, y);
    return y;
  };
  return visit(e);
}

/** Numbers for the inputs of a graph: floats in (−0.5, 0.5), integers from 0 to 4, bools. */
export function dataFor(graph: Graph, seed: number): Data[] {
  const draw = numbers(seed);
  return graph.inputs.map((t) => round(t.dtype, valuesOf(t, draw)));
}

/** The values of a graph by the reference rules, for numbers that a target is given. */
export const reference = (graph: Graph, data: readonly Data[]): Float64Array[] =>
  run(
    graph,
    data.map((x) => Float64Array.from(x)),
  );

/** Every target computes what the reference computes. */
export function expectSame(
  given: Graph,
  { seed = 1, dtype = "float64" as Float, data = undefined as Data[] | undefined } = {},
): void {
  const graph = dtype === "float32" ? narrowed(given) : given;
  const args = data ?? dataFor(graph, seed);
  const want = reference(graph, args);
  for (const target of targets) {
    const got = compileGraph(graph, { target: target as TargetName }).run(args);
    graph.outputs.forEach((t, k) =>
      expectClose(got[k]!, want[k], t.dtype, `${target}: output ${k}`),
    );
  }
}

/** Equal within the tolerance of the dtype; NaN, infinities, integers and bools exactly. */
export function expectClose(
  got: ArrayLike<number>,
  want: Float64Array,
  dtype: DType,
  what: string,
): void {
  expect(got.length, what).toBe(want.length);
  const finite = want.filter((x) => Number.isFinite(x)).map(Math.abs);
  const scale = finite.reduce((a, b) => Math.max(a, b), 0.01);
  const allowed = TOLERANCE[dtype] * scale;
  for (let i = 0; i < want.length; i++) {
    const exact = !isFloat(dtype) || !Number.isFinite(want[i]);
    const near = exact ? got[i] === want[i] : Math.abs(got[i] - want[i]) <= allowed;
    if (!near && !(Number.isNaN(want[i]) && Number.isNaN(got[i])))
      expect.fail(`${what}[${i}] is ${got[i]}, not ${want[i]}; ${allowed} apart is allowed`);
  }
}
