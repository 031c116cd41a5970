/** Graphs: what tracing a function leaves, and what every transform rewrites. */
import { fail } from "../errors.ts";
import {
  constantOp,
  float64,
  inputOp,
  type Node,
  placeholder,
  record,
  same,
  Tensor,
  type Type,
} from "./tensor.ts";

export interface Graph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Run `f` on placeholders and keep what it did. */
export function trace(
  types: readonly Type[],
  f: (...xs: Tensor[]) => readonly Tensor[],
  names: readonly (string | undefined)[] = [],
): Graph {
  const inputs = types.map((t, i) => placeholder(t, names[i] ?? `input ${i}`));
  return { inputs, outputs: f(...inputs) };
}

/** Nodes that `outputs` depend on, arguments first. Deep graphs do not exhaust the stack. */
export function topological(outputs: readonly Tensor[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>(),
    done = new Set<Node>();
  const stack: Node[] = [];
  for (const t of [...outputs].reverse()) stack.push(t.node);
  while (stack.length) {
    const node = stack[stack.length - 1];
    if (done.has(node)) {
      stack.pop();
      continue;
    }
    if (seen.has(node)) {
      stack.pop();
      done.add(node);
      order.push(node);
      continue;
    }
    seen.add(node);
    for (let i = node.args.length - 1; i >= 0; i--)
      if (!done.has(node.args[i].node)) stack.push(node.args[i].node);
  }
  return order;
}

/** Replacements of tensors, by node and output. */
export class Bindings {
  readonly #rows = new Map<Node, (Tensor | undefined)[]>();
  constructor(pairs: Iterable<readonly [Tensor, Tensor]> = []) {
    for (const [from, to] of pairs) this.set(from, to);
  }
  get(t: Tensor): Tensor | undefined {
    return this.#rows.get(t.node)?.[t.output];
  }
  has(node: Node): boolean {
    return this.#rows.has(node);
  }
  set(from: Tensor, to: Tensor): void {
    const row = this.#rows.get(from.node);
    if (row) row[from.output] = to;
    else {
      const fresh: (Tensor | undefined)[] = [];
      fresh[from.output] = to;
      this.#rows.set(from.node, fresh);
    }
  }
}

/** Copy `outputs` with some tensors replaced; untouched parts are shared. */
export function substitute(outputs: readonly Tensor[], given: Bindings): Tensor[] {
  const move = (t: Tensor): Tensor => given.get(t) ?? t;
  for (const node of topological(outputs)) {
    if (given.has(node) || !node.args.some((a) => given.get(a))) continue;
    const fresh = record(node.op, node.args.map(move), node.attrs);
    fresh.forEach((t, i) => {
      const from = new Tensor(node, i);
      given.set(from, t);
    });
  }
  return outputs.map(move);
}

/** Use a graph as a function. */
export const inline = (g: Graph, args: readonly Tensor[]): Tensor[] =>
  substitute(g.outputs, new Bindings(g.inputs.map((t, i) => [t, args[i]] as const)));

/** Value of a graph by the reference rules, in float64: the oracle for every target. */
export function run(graph: Graph, args: readonly Float64Array[]): Float64Array[] {
  const value = new Map<Node, Float64Array[]>(graph.inputs.map((t, i) => [t.node, [args[i]]]));
  for (const node of topological(graph.outputs)) {
    if (value.has(node)) continue;
    if (node.op === inputOp) fail("free-trace", { tensor: `input ${node.outputs[0].shape}` });
    value.set(
      node,
      node.op.evaluate(
        node,
        node.args.map((a) => value.get(a.node)![a.output]),
      ),
    );
  }
  return graph.outputs.map((t) => value.get(t.node)![t.output]);
}

/**
 * Close a graph that was traced inside another trace: tensors of the outer trace that it reads
 * become further inputs, each the largest part that does not depend on the graph's own inputs.
 */
export function close(graph: Graph): { graph: Graph; captured: Tensor[] } {
  const own = new Set<Node>(graph.inputs.map((t) => t.node));
  const depends = new Map<Node, "own" | "outer" | "none">();
  for (const node of topological(graph.outputs)) {
    const below = node.args.map((a) => depends.get(a.node)!);
    depends.set(
      node,
      own.has(node) || below.includes("own")
        ? "own"
        : node.op === inputOp || below.includes("outer")
          ? "outer"
          : "none",
    );
  }
  const captured: Tensor[] = [];
  const take = (t: Tensor) => {
    if (depends.get(t.node) === "outer" && !captured.some((c) => same(c, t))) captured.push(t);
  };
  for (const [node, kind] of depends) if (kind === "own") node.args.forEach(take);
  graph.outputs.forEach(take);
  if (captured.length === 0) return { graph, captured };
  const extra = captured.map((t) => placeholder(t, t.name));
  const outputs = substitute(
    graph.outputs,
    new Bindings(captured.map((t, i) => [t, extra[i]] as const)),
  );
  return { graph: { inputs: [...graph.inputs, ...extra], outputs }, captured };
}

/** Nodes that depend on any of `from`. */
export function dependents(
  { outputs }: Pick<Graph, "outputs">,
  from: readonly Tensor[],
): Set<Node> {
  const found = new Set(from.map((t) => t.node));
  for (const node of topological(outputs))
    if (node.args.some((a) => found.has(a.node))) found.add(node);
  return found;
}

/** True when every number of a constant is the same; then it is `value`. */
export function uniform(t: Tensor): number | undefined {
  if (t.node.op !== constantOp) return undefined;
  const data = t.data;
  if (data.length === 0) return 0;
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return undefined;
  return data[0];
}
export { float64 };
