/** What two loops over the same steps both compute. */
import { groups, type Loop, results } from "../loops/scan.ts";
import { topological } from "../tensor/graph.ts";
import { type Node, same, Tensor } from "../tensor/tensor.ts";

/**
 * Nodes of `later`'s step that compute what a node of `scan`'s step computes, at the same time
 * step.
 */
export function twinsOf(scan: Node<Loop>, later: Node<Loop>): Map<Node, Node> {
  const a = scan.attrs,
    b = later.attrs;
  const match = new Map<Node, Tensor>();
  const [states, inputs, params] = groups(a, a.step.inputs),
    [, stacksA, paramsA] = groups(a, scan.args);
  const [, outsA, enteredA] = results(
    a,
    scan.outputs.map((_, k) => k),
  );
  const [, inB, paramsB] = groups(b, b.step.inputs),
    [, stacksB, givenB] = groups(b, later.args);
  inB.forEach((t, i) => {
    const arg = stacksB[i];
    if (arg.node === scan) {
      const k = enteredA.indexOf(arg.output),
        j = outsA.indexOf(arg.output);
      if (k >= 0) match.set(t.node, states[k]);
      else if (j >= 0) match.set(t.node, a.step.outputs[a.states + j]);
    } else {
      const k = stacksA.findIndex((s) => same(s, arg));
      if (k >= 0) match.set(t.node, inputs[k]);
    }
  });
  paramsB.forEach((t, i) => {
    const k = paramsA.findIndex((p) => same(p, givenB[i]));
    if (k >= 0) match.set(t.node, params[k]);
  });
  const byAttrs = new Map<unknown, Node[]>();
  for (const n of topological(a.step.outputs))
    byAttrs.set(n.attrs, [...(byAttrs.get(n.attrs) ?? []), n]);
  const found = new Map<Node, Node>();
  const moved = (t: Tensor): Tensor | undefined =>
    match.get(t.node) ?? (found.has(t.node) ? new Tensor(found.get(t.node)!, t.output) : undefined);
  for (const n of topological(b.step.outputs)) {
    if (n.args.length === 0) continue;
    const args = n.args.map(
      (t) => moved(t) ?? (t.node.args.length === 0 && t.node.op.lower !== "input" ? t : undefined),
    );
    if (args.some((t) => !t)) continue;
    const twin = (byAttrs.get(n.attrs) ?? []).find(
      (m) => m.op === n.op && m.args.every((t, i) => same(t, args[i]!) || sameFill(t, args[i]!)),
    );
    if (twin) found.set(n, twin);
  }
  return found;
}

const sameFill = (a: Tensor, b: Tensor): boolean =>
  a.node.args.length === 0 &&
  b.node.args.length === 0 &&
  a.node.attrs === b.node.attrs &&
  a.node.op === b.node.op;
