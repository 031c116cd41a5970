/**
 * What a cell asks of whoever computes it, counted in the graph of one step: multiply-adds of its
 * products, and elementary functions. The form over all moments at once is held against the work of
 * the steps.
 */
import { type Cell, traceStep, typesOfCell } from "retrograd/cells";
import { isElementwise, type MapAttrs } from "../packages/retrograd/src/ops/map.ts";
import { type Expr, parts } from "../packages/retrograd/src/scalar/index.ts";
import { topological } from "../packages/retrograd/src/tensor/graph.ts";
import { type Node, sizeOf, type Tensor } from "../packages/retrograd/src/tensor/tensor.ts";
import { leavesOf, mapTree } from "../packages/retrograd/src/tensor/tree.ts";
import type { Elementary } from "./elementary.ts";

export interface StepWork {
  /** Multiply-adds of one moment of one sample, forward. */
  readonly forward: number;
  /** The same forward and back: once more for each factor that has a gradient; x has none. */
  readonly training: number;
  /** Elementary functions of one moment of one sample, forward. */
  readonly elementary: Partial<Record<Elementary, number>>;
}

/** Functions that are made of elementary ones. */
const MADE_OF: Readonly<Record<string, readonly Elementary[]>> = {
  exp: ["exp"],
  expm1: ["exp"],
  tanh: ["tanh"],
  logistic: ["logistic"],
  log: ["log"],
  log1p: ["log"],
  softplus: ["exp", "log"],
};

export function stepWork(cell: Cell, input: number): StepWork {
  const x = { shape: [input], dtype: "float32" as const };
  const { params, state } = typesOfCell(cell, x, "float32");
  const types = mapTree(params, ({ shape }: Tensor) => ({ shape, dtype: "float32" }), isLeaf);
  const { graph } = traceStep(cell, { state, x, params: types });
  const states = leavesOf(state, isLeaf).length;
  const moving = reached(graph.inputs.slice(0, states + 1), graph.outputs);
  const learned = reached(
    graph.inputs.filter((_, k) => k !== states),
    graph.outputs,
  );
  const work = { forward: 0, training: 0, elementary: {} as Record<string, number> };
  for (const node of topological(graph.outputs)) {
    // What depends on parameters alone is done once, not at every moment.
    if (node.op.name !== "map" || !moving.has(node)) continue;
    const attrs = node.attrs as MapAttrs;
    count(attrs.body, sizeOf(node.outputs[0].shape), work.elementary);
    if (isElementwise(attrs) || node.args.length < 2) continue;
    const each = Object.values(attrs.sizes).reduce((n, size) => n * size, 1);
    work.forward += each;
    work.training += each * (1 + node.args.filter((a) => learned.has(a.node)).length);
  }
  return work;
}

const isLeaf = (t: unknown): boolean => typeof t === "object" && t !== null && "shape" in t;

/** All nodes that depend on some of `from`. */
function reached(from: readonly Tensor[], outputs: readonly Tensor[]): Set<Node> {
  const found = new Set(from.map((t) => t.node));
  for (const node of topological(outputs))
    if (node.args.some((a) => found.has(a.node))) found.add(node);
  return found;
}

function count(body: Expr, times: number, into: Record<string, number>): void {
  parts(body, (e) => {
    if (e.kind !== "call") return;
    for (const name of MADE_OF[e.fn.name] ?? []) into[name] = (into[name] ?? 0) + times;
  });
}
