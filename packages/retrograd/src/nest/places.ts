/**
 * Where tensors lie while a graph is lowered: the places that are asked for, those that are taken,
 * and how a reader sees a value. Views cost nothing, and the parts of a concatenation are written
 * straight into its place.
 */
import type { ConcatenateAttrs } from "../ops/concatenate.ts";
import { filled, isElementwise, type MapAttrs } from "../ops/map.ts";
import { type Expr, lettersOf, slot } from "../scalar/index.ts";
import { type Graph, uniform } from "../tensor/graph.ts";
import { type Node, same, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { writing } from "./pointwise.ts";
import { flipView, reshapeView, sameView, sliceView, type View, whole } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** What a reader sees of a tensor: a place, or an expression that is cheaper than a place. */
export type Source = { readonly view: View } | { readonly inline: MapAttrs };

/** Where a loop is to write the rows of its states, for loops inside a loop over chunks. */
export type Histories = ReadonlyMap<Node, (state: number) => View | undefined>;

/** Lower a graph into the open block of `w`; returns where each output lies. */
export type LowerGraph = (
  w: Workspace,
  graph: Graph,
  inputs: readonly View[],
  outs: readonly (View | undefined)[],
  histories?: Histories,
) => View[];

export abstract class Places {
  readonly w: Workspace;
  protected readonly graph: Graph;
  protected readonly places = new Map<Node, (View | undefined)[]>();
  readonly #wanted = new Map<Node, (View | undefined)[]>();
  protected readonly readers = new Map<Node, Set<Node>>();
  constructor(w: Workspace, graph: Graph) {
    this.w = w;
    this.graph = graph;
  }
  /** Lower the step of a loop. */
  abstract readonly step: LowerGraph;
  abstract readonly histories: Histories;
  /** Emit what is held back, before something else is emitted. */
  abstract flush(): void;

  /** Ask for `t` to be computed into `view`; false where a copy is needed instead. */
  place(t: Tensor, view: View): boolean {
    const { node } = t,
      row = this.#wanted.get(node) ?? [];
    if (this.places.has(node) || row[t.output] || t.dtype !== view.buffer.dtype) return false;
    if (node.op.lower === "constant" || isInline(node)) return false;
    if (isView(node)) {
      const moved = seenThrough(node, view, true);
      return moved !== undefined && this.place(node.args[0], moved);
    }
    row[t.output] = view;
    this.#wanted.set(node, row);
    return true;
  }

  /** True when one node alone reads `t`, and nothing else the values that it is a view of. */
  isOnlyRead(t: Tensor): boolean {
    const readers = [...(this.readers.get(t.node) ?? [])].filter((r) =>
      r.args.some((a) => same(a, t)),
    );
    if (readers.length !== 1) return false;
    if (this.graph.outputs.some((o) => same(o, t))) return false;
    return !isView(t.node) || this.isOnlyRead(t.node.args[0]);
  }

  /** The parts of a concatenation are written straight into their place. */
  protected placeParts(node: Node): void {
    const [out] = node.outputs;
    const view = this.wantedView(node, 0) ?? this.w.allocate(out.shape, out.dtype, "concatenate");
    this.#wanted.set(node, [view]);
    for (const [part, place] of concatenated(node, view)) this.place(part, place);
  }

  wantedView = (node: Node, output: number): View | undefined => this.#wanted.get(node)?.[output];
  /** Where a new value goes: the place that was asked for, or a new buffer. */
  destination(node: Node, output = 0, name = node.op.name): View {
    const type = node.outputs[output];
    return this.wantedView(node, output) ?? this.w.allocate(type.shape, type.dtype, name);
  }
  isComputed = (node: Node, output: number): View | undefined => this.places.get(node)?.[output];
  /** Outputs of a node that a node of this graph or its result reads. */
  usedOutputs(node: Node): Set<number> {
    const used = new Set<number>();
    for (const r of this.readers.get(node) ?? [])
      for (const a of r.args) if (a.node === node) used.add(a.output);
    for (const t of this.graph.outputs) if (t.node === node) used.add(t.output);
    return used;
  }
  setPlace(node: Node, output: number, view: View): void {
    const row = this.places.get(node) ?? [];
    row[output] = view;
    this.places.set(node, row);
  }

  /** What a reader sees of `t`. */
  source(t: Tensor): Source {
    const placed = this.places.get(t.node)?.[t.output];
    if (placed) return { view: placed };
    const { node } = t;
    if (isInline(node)) return { inline: node.attrs };
    if (node.op.lower === "constant") return this.#constantSource(t);
    return { view: this.view(t) };
  }

  #constantSource(t: Tensor): Source {
    const value = uniform(t);
    return value === undefined ? { view: this.view(t) } : { inline: filled(t, value).node.attrs };
  }

  /** Where `t` lies in memory; writes it there if it has no place yet. */
  view(t: Tensor): View {
    const known = this.places.get(t.node)?.[t.output];
    if (known) return known;
    const { node } = t;
    const view =
      node.op.lower === "constant"
        ? this.#constant(t)
        : isInline(node)
          ? this.#materialise(t)
          : this.#seen(t);
    this.setPlace(node, 0, view);
    return view;
  }

  #constant({ shape, dtype, data }: Tensor): View {
    const options = { kind: "constant", depth: 0, data } as const;
    const buffer = this.w.buffer(shape, dtype, "constant", options);
    this.w.stable.add(buffer);
    return whole(buffer, shape);
  }
  #materialise(t: Tensor): View {
    const view = this.w.allocate(t.shape, t.dtype, "fill");
    this.#fillView(t.node.attrs as MapAttrs, view);
    return view;
  }
  /** A view of the argument, or of a copy of it where its strides do not allow one. */
  #seen({ node, dtype }: Tensor): View {
    if (!isView(node))
      throw new Error(
        `${node.op.name} ${node.outputs.map((o) => o.shape)} has not been computed yet`,
      );
    const [x] = node.args,
      from = this.view(x);
    const seen = seenThrough(node, from);
    if (seen) return seen;
    const copy = this.w.allocate(x.shape, dtype, node.op.name);
    this.copyView(from, copy);
    return seenThrough(node, copy)!;
  }
  #fillView = ({ out, body }: MapAttrs, view: View) => this.write(view, "fill", body, [], out);

  /** Copy a tensor to a place of its own. */
  copyInto(t: Tensor, view: View): void {
    const source = this.source(t);
    if ("inline" in source) this.#fillView(source.inline, view);
    else if (!sameView(source.view, view)) this.copyView(source.view, view);
  }
  copyView = (from: View, to: View): void => this.write(to, "copy", slot(0), [from]);

  /** Emit one map that writes a whole view, after what is held back. */
  write(to: View, name: string, body: Expr, operands: readonly View[] = [], letters?: string) {
    this.flush();
    if (sizeOf(to.shape) > 0) this.w.emit(writing(to, name, body, operands, this.w.can, letters));
  }
}

/** Each part of a concatenation, and where in the whole it lies. */
export function concatenated({ args, attrs: { axis } }: Node<ConcatenateAttrs>, out: View) {
  let end = 0;
  return args.map((part): [Tensor, View] => {
    const start = end;
    end += part.shape[axis];
    const starts = out.shape.map((_, i) => (i === axis ? start : 0));
    const steps = starts.map(() => 1);
    return [part, sliceView(out, starts, part.shape, steps)];
  });
}

/**
 * What a view of its argument is as a view of the node, or `back`, what a view of the node is as
 * one of its argument; undefined where strides do not allow it.
 */
function seenThrough(node: Node, view: View, back = false): View | undefined {
  const { op, attrs, args, outputs } = node;
  const { shape } = back ? args[0] : outputs[0];
  if (op.name === "stopGradient") return view;
  if (op.name === "flip") return flipView(view, attrs.axes);
  if (op.name === "reshape") return reshapeView(view, shape);
  if (op.name === "slice")
    return back ? undefined : sliceView(view, attrs.starts, attrs.sizes, attrs.strides);
  const [operand, out] = [attrs.operands[0] as string, attrs.out as string];
  if (back && operand.length !== out.length) return undefined; // a broadcast is copied to every row
  const [from, to] = back ? [out, operand] : [operand, out];
  return { ...view, shape, strides: [...to].map((l) => view.strides[from.indexOf(l)] ?? 0) };
}

/** True for what is read in its argument's place: views, and maps that move or repeat elements. */
export const isView = ({ op, attrs }: Node): boolean =>
  op.lower === "view" ||
  (op.lower === "map" &&
    attrs.body.kind === "slot" &&
    attrs.operands.length === 1 &&
    isElementwise(attrs));
/** A map without operands that is as cheap to compute as to read. */
export const isInline = ({ op, attrs, args }: Node): boolean =>
  op.lower === "map" &&
  args.length === 0 &&
  isElementwise(attrs) &&
  (attrs.body.kind === "const" ||
    attrs.body.kind === "index" ||
    (lettersOf(attrs.body).size > 0 && depth(attrs.body) <= 3));
const depth = (e: Expr): number => (e.kind === "call" ? 1 + Math.max(...e.args.map(depth)) : 0);
