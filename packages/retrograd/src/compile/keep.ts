/**
 * keep: what the forward loop stores for the backward one. Differentiation recomputes everything;
 * this pass finds the values that both loops compute and stores those whose recomputation costs
 * more than their bytes: products yes, elementwise work no. The kept value is taken as late as
 * one reader allows, so that a sum of products is stored once and not per product.
 */

import { groups, type Loop, results, scanOp } from "../loops/scan.ts";
import { isElementwise } from "../ops/map.ts";
import { bytesOf } from "../scalar/dtype.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, placeholder, record, showShape, sizeOf, Tensor } from "../tensor/tensor.ts";
import { again, rewriteGraph, same } from "./rewrite.ts";

/** Work that is worth storing instead of doing twice. */
export const isExpensive = ({ op, attrs }: Node): boolean =>
  (op.name === "map" && !isElementwise(attrs)) || op.lower === "loop" || op.lower === "host";

export function keep(graph: Graph, notes: string[]): Graph {
  const scans = topological(graph.outputs).filter((n) => n.op === scanOp) as Node<Loop>[];
  const extra = new Map<Node, Tensor[]>(),
    feeds = new Map<Node, { input: Tensor; from: Node; what: Tensor }[]>();
  for (const later of scans) {
    const earlier = scans.filter(
      (s) =>
        s !== later &&
        s.attrs.length === later.attrs.length &&
        later.args.some((a) => a.node === s),
    );
    for (const scan of earlier) {
      for (const { there, here } of sharedWork(scan, later)) {
        const row = extra.get(scan) ?? [];
        extra.set(scan, row);
        if (!row.some((t) => same(t, there))) row.push(there);
        const list = feeds.get(later) ?? [];
        feeds.set(later, list);
        if (!list.some((f) => same(f.input, here)))
          list.push({ input: here, from: scan, what: there });
        notes.push(
          `kept ${there.node.attrs.name ?? there.node.op.name} ${showShape(there.shape)} of each step for the way back, ${sizeOf(there.shape) * bytesOf(there.dtype)} bytes a step`,
        );
      }
    }
  }
  if (feeds.size === 0) return graph;
  const wide = new Map<Node, { fresh: Tensor[]; loop: Loop }>();
  return rewriteGraph(graph, (node, args) => {
    if (node.op !== scanOp) return undefined;
    const fed = feeds.get(node) ?? [];
    const given = fed.map(({ from, what }) => stackOf(wide.get(from)!, what));
    const { loop, all } = feed(
      node.attrs as Loop,
      args,
      fed.map((f) => f.input),
      given,
    );
    const more = (extra.get(node) ?? []).filter(
      (t) => !loop.step.outputs.slice(loop.states).some((o) => same(o, t)),
    );
    const wider: Loop = {
      ...loop,
      step: { ...loop.step, outputs: [...loop.step.outputs, ...more] },
    };
    const fresh = fed.length || more.length ? record(scanOp, all, wider) : again(node, args);
    wide.set(node, { fresh, loop: wider });
    const [finals, outs, entered] = results(wider, fresh);
    return [...finals, ...outs.slice(0, outs.length - more.length), ...entered];
  });
}

function stackOf({ fresh, loop }: { fresh: Tensor[]; loop: Loop }, what: Tensor): Tensor {
  const at = loop.step.outputs.findIndex((o, k) => k >= loop.states && same(o, what));
  return fresh[at];
}

/** The loop with some values of its step read from stacks instead of computed. */
function feed(
  loop: Loop,
  args: readonly Tensor[],
  values: readonly Tensor[],
  stacks: readonly Tensor[],
): { loop: Loop; all: Tensor[] } {
  if (values.length === 0) return { loop, all: [...args] };
  const inputs = values.map((v) => placeholderLike(v));
  const replaced = rewriteGraph(
    { inputs: loop.step.inputs, outputs: loop.step.outputs },
    (n, a) => {
      const here = values.findIndex((v) => v.node === n);
      if (here < 0) return undefined;
      return again(n, a).map(
        (t, i) => inputs[values.findIndex((v) => v.node === n && v.output === i)] ?? t,
      );
    },
  );
  const [s, x, p] = groups(loop, loop.step.inputs),
    [S, X, P] = groups(loop, args);
  return {
    loop: {
      ...loop,
      inputs: loop.inputs + inputs.length,
      step: { inputs: [...s, ...x, ...inputs, ...p], outputs: replaced.outputs },
    },
    all: [...S, ...X, ...stacks, ...P],
  };
}
const placeholderLike = (t: Tensor): Tensor =>
  placeholder(t, `kept ${t.node.attrs.name ?? t.node.op.name}`);

/**
 * Expensive values of `later`'s step that `scan`'s step computes too, at the point to store them.
 */
function sharedWork(scan: Node<Loop>, later: Node<Loop>): { here: Tensor; there: Tensor }[] {
  const found = correspondence(scan, later);
  const step = later.attrs.step,
    readers = new Map<Node, Node[]>();
  const needed: Node[] = [],
    seen = new Set<Node>();
  // What unshared nodes read of shared ones, and back through what would be computed again for it.
  const visit = (n: Node): void => {
    if (seen.has(n) || n.args.length === 0) return;
    seen.add(n);
    needed.push(n);
    if (!isExpensive(n)) n.args.forEach((a) => found.has(a.node) && visit(a.node));
  };
  const outside = new Set<Node>();
  for (const n of topological(step.outputs)) {
    for (const a of n.args) {
      readers.set(a.node, [...(readers.get(a.node) ?? []), n]);
      if (found.has(a.node) && !found.has(n)) {
        visit(a.node);
        outside.add(a.node);
      }
    }
  }
  for (const t of step.outputs)
    if (found.has(t.node)) {
      visit(t.node);
      outside.add(t.node);
    }
  const kept: { here: Tensor; there: Tensor }[] = [];
  for (const n of needed.filter(isExpensive)) {
    let at = n;
    for (;;) {
      // go on while one elementwise reader of the same size is all there is
      const next = [...new Set((readers.get(at) ?? []).filter((r) => seen.has(r)))];
      const [only] = next;
      if (
        outside.has(at) ||
        next.length !== 1 ||
        isExpensive(only) ||
        only.op.name !== "map" ||
        sizeOf(only.outputs[0].shape) > sizeOf(at.outputs[0].shape)
      )
        break;
      at = only;
    }
    n.outputs.forEach((_, i) => {
      const here = new Tensor(at, at === n ? i : 0),
        there = new Tensor(found.get(at)!, at === n ? i : 0);
      if (!kept.some((k) => same(k.here, here))) kept.push({ here, there });
    });
  }
  return kept;
}

/**
 * Nodes of `later`'s step that compute what a node of `scan`'s step computes, at the same time
 * step.
 */
function correspondence(scan: Node<Loop>, later: Node<Loop>): Map<Node, Node> {
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
