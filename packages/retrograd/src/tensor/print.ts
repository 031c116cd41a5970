/**
 * Graphs as text: one line per node, in the order of computation, nested graphs indented below the
 * node that runs them. Names depend on the graph alone, so that a diff of two texts is a diff of
 * two graphs; only what the outputs need is printed.
 */
import { type Expr, formula, parts } from "../scalar/expr.ts";
import { type Graph, topological } from "./graph.ts";
import { constantOp, inputOp, type Node, showShape, type Tensor, type Type } from "./tensor.ts";

/** Bodies with more parts than this are counted instead of written out. */
const MAX_PARTS = 40;

/** The graph as text. */
export const printGraph = (graph: Graph): string => printed(graph, "graph", 0).join("\n");

const typeText = ({ shape, dtype }: Type): string => `${dtype} ${showShape(shape)}`;
const indent = (depth: number): string => "  ".repeat(depth);

function printed(graph: Graph, title: string, depth: number): string[] {
  const names = new Map<Node, string>();
  const inputs = new Set<string>();
  for (const t of graph.inputs) {
    let name = (t.name ?? "input").replaceAll(/\s+/g, "_");
    for (let k = 1; inputs.has(name); k++)
      name = `${(t.name ?? "input").replaceAll(/\s+/g, "_")}_${k}`;
    inputs.add(name);
    names.set(t.node, name);
  }
  const show = (t: Tensor): string => {
    const name = names.get(t.node) ?? `outer ${t.name ?? t.node.op.name}`;
    return t.node.outputs.length > 1 ? `${name}.${t.output}` : name;
  };
  const typed = graph.inputs.map((t) => `${names.get(t.node)}: ${typeText(t)}`);
  const lines = [`${indent(depth)}${title}(${typed.join(", ")})`];
  let count = 0;
  for (const node of topological(graph.outputs)) {
    if (names.has(node)) continue;
    const written = node.op === constantOp && scalarText(node);
    names.set(node, written || `%${count++}`);
    if (written) continue;
    const types = node.outputs.map(typeText).join(", ");
    lines.push(`${indent(depth + 1)}${names.get(node)} = ${callText(node, show)}  ${types}`);
    for (const [key, inner] of nestedGraphs(node)) lines.push(...printed(inner, key, depth + 2));
  }
  lines.push(`${indent(depth + 1)}return ${graph.outputs.map(show).join(", ")}`);
  return lines;
}

/** A constant of one number is written where it is read. */
export const scalarText = ({ attrs, outputs: [type] }: Node): string | undefined =>
  type.shape.length === 0 ? String(attrs[0]) : undefined;

/** Graphs among the attributes of a node, by name: the step of a loop, the inside of a remat. */
export const nestedGraphs = ({ attrs }: Node): [string, Graph][] =>
  typeof attrs === "object" && attrs !== null && !ArrayBuffer.isView(attrs)
    ? Object.entries(attrs).filter((entry): entry is [string, Graph] => isGraph(entry[1]))
    : [];

const isGraph = (x: unknown): boolean =>
  typeof x === "object" &&
  x !== null &&
  "inputs" in x &&
  "outputs" in x &&
  Array.isArray(x.outputs);

function callText(node: Node, show: (t: Tensor) => string): string {
  const { op, args, attrs } = node;
  if (op === constantOp) return "constant";
  if (op === inputOp) return "outer input";
  if (op.name === "map") {
    const spec = `"${attrs.operands.join(",")}->${attrs.out}"`;
    const reduce = attrs.reduce === "max" ? " max" : "";
    return `${attrs.name} ${spec}${reduce} ${bodyText(attrs.body, (k) => show(args[k]))}`;
  }
  const told = Object.entries(attrs ?? {}).flatMap(([key, value]) => {
    const plain = Array.isArray(value)
      ? value.every((v) => typeof v === "number")
      : typeof value !== "object";
    return plain && typeof value !== "function"
      ? [`${key} ${Array.isArray(value) ? showShape(value) : value}`]
      : [];
  });
  return `${op.name}(${args.map(show).join(", ")})${told.length ? ` ${told.join(", ")}` : ""}`;
}

/** A formula over the operands, or the number of its parts where it would be too long to read. */
export function bodyText(body: Expr, name: (slot: number) => string): string {
  const sizes = new Map<Expr, number>();
  parts(body, (e) => {
    const inside = e.kind === "call" ? e.args.reduce((n, a) => n + sizes.get(a)!, 0) : 0;
    sizes.set(e, 1 + inside);
  });
  return sizes.get(body)! <= MAX_PARTS ? formula(body, name) : `(${sizes.size} scalar operations)`;
}
