/**
 * keep: what the forward loop stores for the backward one. Differentiation recomputes everything;
 * this pass finds the values that both loops compute and stores those whose recomputation costs
 * more than their bytes: products yes, elementwise work no, and the next state, which is stored
 * anyway. The kept value is taken as late as one reader allows, so that a sum of products is
 * stored once and not per product.
 */

import { isExpensive } from "../loops/invariant.ts";
import { groups, type Loop, results, scanOp } from "../loops/scan.ts";
import { bytesOf } from "../scalar/dtype.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import {
  type Node,
  placeholder,
  record,
  same,
  showShape,
  sizeOf,
  Tensor,
} from "../tensor/tensor.ts";
import { again, insideLoops, rewriteGraph } from "./rewrite.ts";
import { twinsOf } from "./twins.ts";

export function keep(graph: Graph, notes: string[]): Graph {
  const kept = keepBetween(graph, notes);
  return rewriteGraph(kept, (node, args) => {
    const inside = (inner: Graph) => keep(inner, notes);
    if (node.op.lower !== "call") return insideLoops(node, args, inside);
    return record(node.op, args, { ...node.attrs, graph: inside(node.attrs.graph) });
  });
}

/** For the loops of one graph, not those within their steps. */
function keepBetween(graph: Graph, notes: string[]): Graph {
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
        const what = `kept ${there.node.attrs.name ?? there.node.op.name} ${showShape(there.shape)}`;
        const isState = scan.attrs.step.outputs
          .slice(0, scan.attrs.states)
          .some((t) => same(t, there));
        const cost = isState
          ? "as a state"
          : `${sizeOf(there.shape) * bytesOf(there.dtype)} bytes a step`;
        notes.push(`${what} of each step for the way back, ${cost}`);
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
  const found = twinsOf(scan, later);
  const isNext = nextStates(scan, later, found);
  const step = later.attrs.step,
    readers = new Map<Node, Node[]>();
  const needed: Node[] = [],
    seen = new Set<Node>();
  // What unshared nodes read of shared ones, and back through what would be computed again for it.
  const visit = (n: Node): void => {
    if (seen.has(n) || n.args.length === 0) return;
    seen.add(n);
    needed.push(n);
    if (!isExpensive(n) && !isNext(n)) n.args.forEach((a) => found.has(a.node) && visit(a.node));
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
  const store = (here: Tensor) => {
    const there = new Tensor(found.get(here.node)!, here.output);
    if (!kept.some((k) => same(k.here, here))) kept.push({ here, there });
  };
  const inside = (n: Node) => (readers.get(n) ?? []).filter((r) => seen.has(r) && !isNext(r));
  for (const n of needed.filter(isNext)) store(new Tensor(n, 0));
  for (const n of needed.filter((n) => isExpensive(n) && !isNext(n))) {
    let at = n;
    for (;;) {
      // go on while one elementwise reader of the same size is all there is
      const [only, ...others] = new Set(inside(at));
      if (
        outside.has(at) ||
        !only ||
        others.length ||
        isExpensive(only) ||
        only.op.name !== "map" ||
        bytesAt(only) > bytesAt(at)
      )
        break;
      at = only;
    }
    const last = border(at, inside, outside);
    const isSmaller = last.reduce((sum, r) => sum + bytesAt(r), 0) <= bytesAt(at);
    for (const r of isSmaller ? last : [at]) r.outputs.forEach((_, i) => store(new Tensor(r, i)));
  }
  return kept;
}

/**
 * Which values are the next state, where `later` reads the states that entered too: one history
 * has both, a row apart, so that nothing is stored for it.
 */
function nextStates(
  scan: Node<Loop>,
  later: Node<Loop>,
  found: ReadonlyMap<Node, Node>,
): (n: Node) => boolean {
  const [, , entered] = results(
    scan.attrs,
    scan.outputs.map((_, k) => k),
  );
  const reads = (output: number) => later.args.some((a) => a.node === scan && a.output === output);
  const nodes = new Set(
    entered.flatMap((output, k) => (reads(output) ? [scan.attrs.step.outputs[k].node] : [])),
  );
  return (n) => n.outputs.length === 1 && nodes.has(found.get(n)!);
}

const bytesAt = ({ outputs }: Node): number =>
  outputs.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesOf(dtype), 0);

/**
 * What is read elsewhere of all that is computed from a node: gates instead of their sums, so that
 * what lies between is not computed again.
 */
function border(
  from: Node,
  inside: (n: Node) => readonly Node[],
  outside: ReadonlySet<Node>,
): Node[] {
  const found = new Set<Node>(),
    seen = new Set<Node>();
  const go = (n: Node): void => {
    if (seen.has(n)) return;
    seen.add(n);
    if (outside.has(n)) found.add(n);
    else for (const r of inside(n)) if (!isExpensive(r)) go(r);
  };
  go(from);
  return [...found];
}
