/**
 * Equal nodes become one, and nodes that change nothing vanish: stopped gradients (after
 * differentiation they are identities), reshapes to the same shape, maps that are their operand.
 */

import { isElementwise, type MapAttrs } from "../ops/map.ts";
import { structure } from "../scalar/index.ts";
import type { Graph } from "../tensor/graph.ts";
import { type Node, sameShape, type Tensor } from "../tensor/tensor.ts";
import { again, rewriteGraph } from "./rewrite.ts";

export function simplify(graph: Graph): Graph {
  const known = new Map<string, Tensor[]>(),
    ids = new Map<Node, number>();
  const idOf = (n: Node): number => {
    const id = ids.get(n) ?? ids.size;
    ids.set(n, id);
    return id;
  };
  return rewriteGraph(graph, (node, args) => {
    if (isIdentity(node, args)) return [args[0]];
    const attrs = attrsKey(node);
    if (attrs === undefined) return undefined;
    const key = `${node.op.name}|${attrs}|${args.map((a) => `${idOf(a.node)}.${a.output}`)}`;
    const found = known.get(key);
    if (found) return found;
    const fresh = again(node, args);
    known.set(key, fresh);
    return fresh;
  });
}

function isIdentity({ op, attrs, outputs: [out] }: Node, args: readonly Tensor[]): boolean {
  if (op.name === "stopGradient") return true;
  if (op.name === "reshape") return sameShape(args[0].shape, out.shape);
  if (op.name === "slice")
    return sameShape(args[0].shape, out.shape) && attrs.strides.every((s: number) => s === 1);
  if (op.name === "pad" || op.name === "concatenate")
    return args.length === 1 && sameShape(args[0].shape, out.shape);
  return (
    op.name === "map" &&
    attrs.body.kind === "slot" &&
    args.length === 1 &&
    attrs.operands[0] === attrs.out &&
    isElementwise(attrs)
  );
}

/** Text that is equal for equal attributes; undefined for ops whose attributes are programs. */
function attrsKey({ op, attrs }: Node): string | undefined {
  if (op.name === "map") {
    const { operands, out, body, sizes, reduce, dtype } = attrs as MapAttrs;
    return `${operands}>${out}|${structure(body)}|${Object.entries(sizes).sort().join()}|${reduce}|${dtype}`;
  }
  return op.lower === "view" || op.lower === "copy" || op.lower === "host"
    ? JSON.stringify(attrs)
    : undefined;
}
