/**
 * Elementwise maps that one sum or maximum alone reads are written into its body: what they compute
 * is used where it is made and never stored. (Elementwise maps that follow one another share a
 * kernel later; a product of matrices reads its operands many times, so they stay stored.)
 */
import { isElementwise, type MapAttrs, recordMap } from "../ops/map.ts";
import { type Expr, rewrite, slot } from "../scalar/index.ts";
import type { Graph } from "../tensor/graph.ts";
import { type Node, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { again, readersOf, rewriteGraph } from "./rewrite.ts";
import { isContraction } from "./split.ts";

/** Operands of one body: more would not fit the registers. */
const MOST = 8;

export function fuse(graph: Graph, notes: string[] = []): Graph {
  const readers = readersOf(graph);
  const now = new Map<Node, readonly (Tensor | undefined)[]>();
  return rewriteGraph(graph, (node, args) => {
    const made = fused(node, (t) => now.get(t.node)?.[t.output] ?? t, readers, notes);
    const outputs = made ? [made] : again(node, args);
    now.set(node, outputs);
    return outputs;
  });
}

function fused(
  node: Node,
  moved: (t: Tensor) => Tensor,
  readers: ReturnType<typeof readersOf>,
  notes: string[],
): Tensor | undefined {
  if (node.op.name !== "map") return undefined;
  const attrs = node.attrs as MapAttrs;
  if (isElementwise(attrs) || isContraction(attrs.body, attrs)) return undefined;
  const total = sizeOf(Object.values(attrs.sizes));
  const operands: { tensor: Tensor; letters: string }[] = [];
  const names: string[] = [];
  let room = MOST - node.args.length;

  /** A producer that is read here alone, and each of whose elements is read once. */
  const joins = ({ op, attrs: own, args, outputs }: Node): boolean =>
    op.name === "map" &&
    args.length > 0 &&
    isElementwise(own) &&
    sizeOf(outputs[0].shape) === total &&
    args.length - 1 <= room;
  const read = (t: Tensor, letters: string): Expr => {
    if (readers.get(t.node)?.length !== 1 || !joins(t.node))
      return slot(operands.push({ tensor: moved(t), letters }) - 1);
    const own = t.node.attrs as MapAttrs;
    const rename = (l: string) => letters[own.out.indexOf(l)];
    room -= t.node.args.length - 1;
    names.push(own.name);
    return withSlots(own.body, rename, (k) =>
      read(t.node.args[k], [...own.operands[k]].map(rename).join("")),
    );
  };
  const body = withSlots(
    attrs.body,
    (l) => l,
    (k) => read(node.args[k], attrs.operands[k]),
  );
  if (!names.length) return undefined;
  notes.push(`fused ${names.reverse().join(", ")} into ${attrs.name}`);
  const { out, sizes, reduce, dtype, name } = attrs;
  return recordMap(
    `${operands.map((o) => o.letters)}->${out}`,
    body,
    operands.map((o) => o.tensor),
    { sizes: { ...sizes }, reduce, dtype, name },
  );
}

/** A body with its letters renamed and each of its slots replaced, once. */
function withSlots(body: Expr, rename: (l: string) => string, replace: (slot: number) => Expr) {
  const known = new Map<number, Expr>();
  return rewrite(body, (leaf): Expr => {
    if (leaf.kind === "const") return leaf;
    if (leaf.kind === "index") return { kind: "index", letter: rename(leaf.letter) };
    const found = known.get(leaf.index) ?? replace(leaf.index);
    known.set(leaf.index, found);
    return found;
  });
}
