/**
 * What a drawing of a graph shows: boxes, clusters and arrows, without positions. A loop is a
 * cluster with its step inside; what its state carries to the next step is an arrow of its own
 * kind. Folded, the arrow goes back to the top of the step; unrolled, to the next copy of it.
 * Params are not drawn again inside a loop: the arrow from the one box outside shows what is
 * shared.
 */

import { cut, groups, type Loop, results } from "../loops/scan.ts";
import type { While } from "../loops/while.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { bodyText, nestedGraphs, scalarText } from "../tensor/print.ts";
import { constantOp, type Node, showType, type Tensor, type Type } from "../tensor/tensor.ts";

export type BoxKind = "input" | "state" | "moment" | "op" | "constant" | "output" | "more" | "ask";
export interface Box {
  readonly id: number;
  readonly lines: readonly string[];
  readonly kind: BoxKind;
  /** The innermost cluster around it; undefined is the page. */
  readonly cluster: Cluster | undefined;
}
export interface Cluster {
  readonly id: number;
  readonly title: string;
  readonly cluster: Cluster | undefined;
  /** Copies of one step share this: they lie side by side, in order. */
  readonly row: number | undefined;
}
export interface Arrow {
  readonly from: Box;
  readonly to: Box;
  /** carry: what a state hands to the next step. */
  readonly kind: "data" | "carry";
}
export interface Drawing {
  readonly boxes: Box[];
  readonly clusters: Cluster[];
  readonly arrows: Arrow[];
}
export interface DrawOptions {
  /** Draw this many copies of every step instead of one with arrows back to itself. */
  unroll?: number;
  /** Names of the results. */
  results?: readonly string[];
}

/** The boxes that a value comes from: one, or one per drawn step. */
type Sources = readonly Box[];

/** What there is to draw of a graph. */
export function drawingOf(
  graph: Graph,
  { unroll = 0, results: named = [] }: DrawOptions = {},
): Drawing {
  const pen = new Pen(unroll);
  const inputs = graph.inputs.map((t) => [pen.box("input", namedType(t), undefined)]);
  pen.body(graph, inputs, undefined).forEach((from, k) => {
    const name = named[k] || (graph.outputs.length > 1 ? `result ${k}` : "result");
    const box = pen.box("output", [name], undefined);
    pen.connect(from, box);
  });
  return pen.drawing();
}

const namedType = (t: Tensor, name = t.name ?? "input"): string[] => [name, showType(t)];

class Pen {
  private readonly boxes: Box[] = [];
  private readonly clusters: Cluster[] = [];
  private readonly arrows: Arrow[] = [];
  private rows = 0;
  private readonly unroll: number;
  constructor(unroll: number) {
    this.unroll = unroll;
  }

  /** Everything that is read by something, or is a result. */
  drawing(): Drawing {
    const alive = new Set(this.boxes.filter((b) => b.kind === "output" || b.kind === "ask"));
    for (const box of alive)
      for (const { from, to } of this.arrows) if (to === box) alive.add(from);
    const used = new Set<Cluster | undefined>();
    for (const box of alive)
      for (let c = box.cluster; c && !used.has(c); c = c.cluster) used.add(c);
    const clusters = this.clusters.filter((c) => used.has(c));
    const shown = this.boxes.filter((b) => alive.has(b) || (b.kind === "input" && !b.cluster));
    const arrows = this.arrows.filter(({ from, to }) => alive.has(from) && alive.has(to));
    return { boxes: shown, clusters, arrows };
  }

  box(kind: BoxKind, lines: readonly string[], cluster: Cluster | undefined): Box {
    const box: Box = { id: this.boxes.length, kind, lines, cluster };
    this.boxes.push(box);
    return box;
  }
  private cluster(title: string, cluster: Cluster | undefined, row?: number): Cluster {
    const made: Cluster = { id: this.clusters.length, title, cluster, row };
    this.clusters.push(made);
    return made;
  }
  connect(from: Sources, to: Box, kind: Arrow["kind"] = "data"): void {
    for (const box of from)
      if (!this.arrows.some((a) => a.from === box && a.to === to && a.kind === kind))
        this.arrows.push({ from: box, to, kind });
  }

  /** Draw the nodes of a graph whose inputs come from `inputs`; where its outputs come from. */
  body(graph: Graph, inputs: readonly Sources[], cluster: Cluster | undefined): Sources[] {
    const from = new Map<Node, readonly Sources[]>(
      graph.inputs.map((t, i) => [t.node, [inputs[i]]]),
    );
    const sources = (t: Tensor): Sources => from.get(t.node)![t.output];
    for (const node of topological(graph.outputs)) {
      if (from.has(node)) continue;
      from.set(node, this.node(node, node.args.map(sources), cluster));
    }
    return graph.outputs.map(sources);
  }

  private node(node: Node, args: readonly Sources[], cluster: Cluster | undefined): Sources[] {
    if (node.op.lower === "loop") return this.scan(node.attrs as Loop, args, cluster);
    if (node.op.lower === "while") return this.whileLoop(node.attrs as While, args, cluster);
    const [[, inner] = []] = nestedGraphs(node);
    if (inner) return this.body(inner, args, this.cluster(node.op.name, cluster));
    const box = this.box(node.op === constantOp ? "constant" : "op", linesOf(node), cluster);
    for (const from of args) this.connect(from, box);
    return node.outputs.map(() => [box]);
  }

  private scan(loop: Loop, args: readonly Sources[], cluster: Cluster | undefined): Sources[] {
    const way = loop.reverse ? "backwards, " : "";
    const unrolled = this.unroll > 0 && loop.length > 0;
    const count = unrolled ? Math.min(this.unroll, loop.length) : 1;
    const row = unrolled ? this.rows++ : undefined;
    const [first, series, params] = groups(loop, args);
    const [s, x] = groups(loop, loop.step.inputs);
    const all = results<Box[]>(loop, this.empty(loop.step.outputs.length + loop.states));
    let carried: readonly Sources[] = first;
    let states: Box[] = [];
    for (let i = 0; i < count; i++) {
      const t = loop.reverse ? loop.length - 1 - i : i;
      const title = unrolled ? `t = ${t}` : `scan: ${way}${loop.length} steps`;
      const inside = this.cluster(title, cluster, row);
      states = s.map((p) => this.box("state", namedType(p), inside));
      states.forEach((b, k) => this.connect(carried[k], b, i === 0 ? "data" : "carry"));
      const moments = x.map((p, k) => {
        const at = unrolled ? `${t}` : "t";
        const box = this.box("moment", namedType(p, `${p.name ?? `input ${k}`}[${at}]`), inside);
        this.connect(series[k], box);
        return [box];
      });
      const found = this.body(
        loop.step,
        [...states.map((b) => [b]), ...moments, ...params],
        inside,
      );
      const [next, outputs] = cut(found, loop.states);
      outputs.forEach((from, k) => all[1][k].push(...from));
      states.forEach((b, k) => all[2][k].push(b));
      carried = next;
    }
    if (!unrolled) states.forEach((b, k) => this.connect(carried[k], b, "carry"));
    else if (count < loop.length) {
      const more = this.rest(loop, carried, count, cluster, row);
      carried = carried.map(() => [more]);
      for (const list of all[1]) list.push(more);
    }
    return [...carried, ...all[1], ...all[2]];
  }

  /** The steps that are not drawn. */
  private rest(
    loop: Loop,
    carried: readonly Sources[],
    drawn: number,
    cluster: Cluster | undefined,
    row?: number,
  ): Box {
    const inside = this.cluster("", cluster, row);
    const box = this.box("more", ["…", `${loop.length - drawn} more steps`], inside);
    for (const from of carried) this.connect(from, box, "carry");
    return box;
  }

  private whileLoop(
    { condition, body, states }: While,
    args: readonly Sources[],
    cluster: Cluster | undefined,
  ): Sources[] {
    const inside = this.cluster("while", cluster);
    const [first, params] = cut(args, states);
    const pills = body.inputs.slice(0, states).map((p) => this.box("state", namedType(p), inside));
    pills.forEach((b, k) => this.connect(first[k], b));
    const inputs = [...pills.map((b) => [b]), ...params];
    const [goOn] = this.body(condition, inputs, inside);
    const asked = this.box("ask", ["go on?"], inside);
    this.connect(goOn, asked);
    this.body(body, inputs, inside).forEach((from, k) => this.connect(from, pills[k], "carry"));
    return pills.map((b) => [b]);
  }

  private empty = (n: number): Box[][] => Array.from({ length: n }, () => []);
}

/** What a box says of an op: its name, and its type. */
function linesOf(node: Node): string[] {
  const type: Type = node.outputs[0];
  const { op, attrs } = node;
  if (op === constantOp) return [scalarText(node) ?? "constant", showType(type)];
  if (op.name !== "map") return [op.name, showType(type)];
  const formula = bodyText(attrs.body, (k) => "abcdefghijklmnopqrstuvwxyz"[k] ?? `$${k}`);
  const short = formula.length <= 34 ? formula : `${formula.slice(0, 33)}…`;
  return [attrs.name === "map" || attrs.name === "fill" ? short : attrs.name, showType(type)];
}
