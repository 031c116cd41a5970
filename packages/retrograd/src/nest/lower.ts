/**
 * From graphs to schedules. Nodes are taken in an order that lets elementwise maps of one
 * iteration space run together: a cluster stays open while ready maps fit it. Views cost nothing;
 * a concatenation is a place that its parts write into; everything else is one kernel, or a loop
 * of them.
 */

import { addedSlots } from "../compile/sums.ts";
import { LETTERS, lettersOfRank, namedSizes } from "../ops/axes.ts";
import { isElementwise, type MapAttrs, reduced } from "../ops/map.ts";
import { type Expr, rewrite, slot } from "../scalar/index.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { Operand } from "./axes.ts";
import { emitCollective, reserveSums } from "./collective.ts";
import { emitScan } from "./control.ts";
import { emitCopyOp } from "./copies.ts";
import { emitterOf } from "./emitters.ts";
import type { Buffer } from "./nest.ts";
import { passAfter } from "./passAfter.ts";
import { type Histories, isInline, isView, type LowerGraph, Places } from "./places.ts";
import { type PointwiseStep, pointwise } from "./pointwise.ts";
import { emitReduction, isTiled, THE_SUM, takesSteps } from "./products.ts";
import type { Reduction } from "./reduce.ts";
import { contiguous, type View, whole } from "./view.ts";
import type { Workspace } from "./workspace.ts";

export const lowerGraph: LowerGraph = (w, graph, inputs, outs, histories = new Map()) =>
  new Lowering(w, graph, inputs, histories).run(outs);

interface OpenStep {
  node: Node<MapAttrs>;
  step: Omit<PointwiseStep, "stores">;
}

class Lowering extends Places {
  readonly #outputs = new Set<Node>();
  /** Additions that were done while one of their terms was stored. */
  readonly #folded = new Set<Node>();
  #open: OpenStep[] = [];
  #openSpace = "";
  #order: Node[] = [];
  /** Elementwise maps that nothing waits for but each other and the outputs. */
  readonly #final = new Set<Node>();
  readonly #sums = new Map<Node, readonly View[]>();

  readonly histories: Histories;
  constructor(w: Workspace, graph: Graph, inputs: readonly View[], histories: Histories) {
    super(w, graph);
    this.histories = histories;
    graph.inputs.forEach((t, i) => this.places.set(t.node, [inputs[i]]));
  }

  readonly step = lowerGraph;

  run(outs: readonly (View | undefined)[]): View[] {
    this.#order = topological(this.graph.outputs);
    for (const n of this.#order)
      for (const a of n.args) {
        if (!this.readers.has(a.node)) this.readers.set(a.node, new Set());
        this.readers.get(a.node)!.add(n);
      }
    this.graph.outputs.forEach((t) => this.#outputs.add(t.node));
    for (const n of [...this.#order].reverse())
      if (this.#isFree(n) && [...(this.readers.get(n) ?? [])].every((r) => this.#final.has(r)))
        this.#final.add(n);
    const copies: [Tensor, View][] = [];
    this.graph.outputs.forEach((t, i) => {
      const view = outs[i];
      if (view && !this.place(t, view)) copies.push([t, view]);
    });
    for (const n of [...this.#order].reverse()) {
      if (n.op.name === "concatenate") this.placeParts(n);
      else if (n.op.lower === "collective") this.#sums.set(n, reserveSums(this, n));
    }
    this.#schedule();
    for (const [t, view] of copies) this.copyInto(t, view);
    return this.graph.outputs.map((t, i) => outs[i] ?? this.view(t));
  }

  #isFree = (n: Node): boolean =>
    this.#isLazy(n) || (n.op.lower === "map" && isElementwise(n.attrs));

  /**
   * Take ready nodes, elementwise ones of the open cluster first, and of the others small ones
   * before large: when a large one opens a cluster, what else it reads is known, and it is one pass
   * over memory. Final ones come last, in the same order: then all that an update of parameters
   * waits for (a norm, say) is known.
   */
  #schedule(): void {
    const pending = new Set(this.#order.filter((n) => !this.places.has(n) && !this.#isLazy(n)));
    const done = (n: Node): boolean =>
      this.#isLazy(n) ? n.args.every((a) => done(a.node)) : !pending.has(n);
    const ready = (n: Node) => n.args.every((a) => done(a.node));
    while (pending.size) {
      let next: Node | undefined,
        best = Infinity;
      for (const n of pending) {
        if (!ready(n)) continue;
        const rank =
          this.#folded.has(n) || this.#fits(n)
            ? 0
            : this.#final.has(n)
              ? 4 + sizeOf(n.outputs[0].shape)
              : n.op.lower !== "map" || isElementwise(n.attrs)
                ? 1 + sizeOf(n.outputs[0].shape) / 2 ** 40
                : n.args.some((a) => this.#reachesOpen(a.node)) || this.#additionAfter(n)
                  ? 2
                  : 3;
        if (rank < best) [next, best] = [n, rank];
        if (rank === 0) break;
      }
      if (!next) throw new Error("a graph without a ready node has a circle");
      if (!this.#folded.has(next) && !this.#fits(next)) this.flush();
      this.#emit(next);
      pending.delete(next);
    }
    this.flush();
  }

  /** Nodes that are read in place: views, constants, fills and other bodies without operands. */
  #isLazy = (n: Node): boolean =>
    n.op.lower === "constant" || n.op.lower === "input" || isView(n) || isInline(n);

  /** May join the open cluster: same space, and what it reads of the cluster it reads in place. */
  #fits(n: Node): boolean {
    if (
      this.#open.length === 0 ||
      n.op.lower !== "map" ||
      !isElementwise(n.attrs) ||
      spaceOf(n) !== this.#openSpace
    )
      return false;
    if (this.#open.length >= 48) return false;
    return n.args.every((a, k) =>
      this.#inCluster(a) === undefined
        ? !this.#reachesOpen(a.node)
        : n.attrs.operands[k] === n.attrs.out,
    );
  }
  #inCluster(t: Tensor): number | undefined {
    const k = this.#open.findIndex((s) => s.node === t.node);
    return k < 0 ? undefined : k;
  }
  /** True when a lazy chain ends in a value that the open cluster has not stored yet. */
  #reachesOpen = (n: Node): boolean =>
    this.#open.some((s) => s.node === n) ||
    (this.#isLazy(n) && n.args.some((a) => this.#reachesOpen(a.node)));

  #emit(n: Node): void {
    if (n.op.lower === "map" && isElementwise(n.attrs)) this.#emitPointwise(n);
    else if (n.op.lower === "map") this.#emitReduced(n);
    else if (n.op.name === "scan") emitScan(this, n);
    else if (n.op.lower === "copy") emitCopyOp(this, n);
    else if (n.op.lower === "collective") emitCollective(this, n, this.#sums.get(n)!);
    else emitterOf(n.op.name)(this, n);
  }

  #emitPointwise(n: Node<MapAttrs>): void {
    if (this.#folded.has(n)) return;
    const step = this.#stepOf(n);
    if (this.#open.length === 0) this.#openSpace = spaceOf(n);
    this.#open.push({ node: n, step });
  }

  #stepOf(n: Node<MapAttrs>): Omit<PointwiseStep, "stores"> {
    const { attrs } = n,
      rename = renaming(attrs.out);
    // Finding a source may close the cluster, so it is done before anything refers to it.
    for (const a of n.args) if (this.#inCluster(a) === undefined) this.source(a);
    const operands: (Operand | number)[] = [];
    const body = this.#inlined(
      n,
      (a, letters) => {
        const k = this.#inCluster(a);
        return slot(operands.push(k ?? { view: this.view(a), letters: rename(letters) }) - 1);
      },
      rename,
    );
    return { body, operands, dtype: attrs.dtype, name: attrs.name };
  }

  /** The body of a map, with cheap operands written into it; `read` gives slots to the others. */
  #inlined(
    n: Node<MapAttrs>,
    read: (a: Tensor, letters: string) => Expr,
    rename: (letters: string) => string,
  ): Expr {
    const { attrs } = n;
    return rewrite(attrs.body, (leaf) => {
      if (leaf.kind === "const") return leaf;
      if (leaf.kind === "index") return { kind: "index", letter: rename(leaf.letter) };
      const a = n.args[leaf.index],
        letters = attrs.operands[leaf.index];
      if (this.#inCluster(a) !== undefined) return read(a, letters);
      const source = this.source(a);
      if ("view" in source) return read(a, letters);
      const inner = source.inline;
      return rewrite(inner.body, (x) =>
        x.kind === "index"
          ? { kind: "index", letter: rename(letters[inner.out.indexOf(x.letter)]) }
          : x,
      );
    });
  }

  /** Close the cluster: store what others read. */
  flush(): void {
    if (this.#open.length === 0) return;
    const [{ shape }] = this.#open[0].node.outputs;
    const letters = lettersOfRank(shape.length);
    const sizes = namedSizes(letters, shape);
    const steps = this.#closed();
    if (sizeOf(shape) > 0 && steps.some((s) => s.stores.length))
      this.w.emit(pointwise({ letters, sizes, steps }, this.w.can));
  }

  /** The steps of the cluster, which ends, with places for what is read outside of it. */
  #closed(): PointwiseStep[] {
    const open = this.#open;
    const inside = new Set(open.map((s) => s.node));
    this.#open = [];
    return open.map(({ node, step }) => {
      const readOutside =
        this.#outputs.has(node) || [...(this.readers.get(node) ?? [])].some((r) => !inside.has(r));
      if (!readOutside && !this.wantedView(node, 0)) return { ...step, stores: [] };
      const view = this.destination(node, 0, node.attrs.name);
      this.setPlace(node, 0, view);
      return { ...step, stores: [view] };
    });
  }

  /**
   * A sum; where it only feeds an addition whose other terms are known, it is added up as it is
   * stored.
   */
  #emitReduced(n: Node<MapAttrs>): void {
    this.flush();
    const { node, addends } = this.#additionAfter(n) ?? { node: n, addends: [] };
    this.#folded.add(node);
    if (this.#emitWithPass(n, node, addends)) return;
    const store = this.destination(node, 0, n.attrs.name);
    emitReduction(this.w, this.#reductionOf(n, store), addends);
    this.setPlace(node, 0, store);
  }

  /** A sum with the maps of it that come next, where its registers can do them; else false. */
  #emitWithPass(n: Node<MapAttrs>, sum: Node<MapAttrs>, addends: readonly Operand[]): boolean {
    const later = this.#order.filter((x) => !this.places.has(x) && !this.#folded.has(x));
    const pass = passAfter(sum, later, this.#isKnown);
    if (pass.length === 0 || ![sum, ...pass].every(this.#liesPlain)) return false;
    const inside = new Set<Node>([sum, ...pass]);
    // Finding a source may emit a copy, so it is done before the cluster is there.
    for (const { args } of pass) for (const a of args) if (!inside.has(a.node)) this.source(a);
    this.#open = [{ node: sum, step: { ...THE_SUM, dtype: sum.attrs.dtype } }];
    for (const node of pass) this.#open.push({ node, step: this.#stepOf(node) });
    const letters = (given: string) =>
      [...given].map((l) => n.attrs.out[LETTERS.indexOf(l)]).join("");
    const named = (o: Operand | number) =>
      typeof o === "number" ? o : { ...o, letters: letters(o.letters) };
    const emitted = (steps: readonly PointwiseStep[], store: View): Reduction => ({
      ...this.#reductionOf(n, store),
      steps: steps.map((s) => ({ ...s, operands: s.operands.map(named) })),
    });
    const dummy = whole(DUMMY, sum.outputs[0].shape);
    const probe = this.#open.map(({ step }, i) => ({ ...step, stores: i === 0 ? [dummy] : [] }));
    if (!takesSteps(this.w, emitted(probe, dummy), addends)) {
      this.#open = [];
      return false;
    }
    for (const node of pass) this.#folded.add(node);
    const steps = this.#closed();
    emitReduction(this.w, emitted(steps, steps.flatMap((s) => s.stores)[0]), addends);
    return true;
  }
  /** True where a value will lie as its shape says. */
  #liesPlain = (n: Node): boolean => {
    const wanted = this.wantedView(n, 0);
    return !wanted || `${wanted.strides}` === `${contiguous(wanted.shape)}`;
  };

  /** The addition that `n` alone feeds, when every other term of it already lies somewhere. */
  #additionAfter(n: Node<MapAttrs>): { node: Node<MapAttrs>; addends: Operand[] } | undefined {
    const readers = [...(this.readers.get(n) ?? [])],
      [node] = readers;
    if (
      readers.length !== 1 ||
      this.#outputs.has(n) ||
      this.wantedView(n, 0) ||
      node.op.lower !== "map" ||
      !isElementwise(node.attrs)
    )
      return undefined;
    const slots = addedSlots(node.attrs.body),
      { out } = node.attrs as MapAttrs;
    const own = slots?.filter((k) => node.args[k].node === n) ?? [];
    if (
      !slots ||
      own.length !== 1 ||
      node.attrs.operands[own[0]] !== out ||
      node.attrs.dtype !== n.attrs.dtype
    )
      return undefined;
    const others = slots.filter((k) => k !== own[0]);
    if (!others.every((k) => this.#isKnown(node.args[k]))) return undefined;
    const addends: Operand[] = [];
    for (const k of others) {
      const source = this.source(node.args[k]);
      if (!("view" in source)) return undefined;
      addends.push({
        view: source.view,
        letters: [...(node.attrs.operands[k] as string)]
          .map((l) => n.attrs.out[out.indexOf(l)])
          .join(""),
      });
    }
    const probe = this.#reductionOf(n, {
      ...whole(DUMMY, n.outputs[0].shape),
      ...(this.wantedView(node, 0) ?? {}),
    });
    return addends.length === 1 || isTiled(this.w, probe, addends) ? { node, addends } : undefined;
  }
  #isKnown = (t: Tensor): boolean =>
    this.places.get(t.node)?.[t.output] !== undefined ||
    (this.#isLazy(t.node) && t.node.args.every(this.#isKnown));

  #reductionOf(n: Node<MapAttrs>, store: View): Reduction {
    const { attrs } = n,
      operands: Operand[] = [];
    const body = this.#inlined(
      n,
      (a, letters) => {
        return slot(operands.push({ view: this.view(a), letters }) - 1);
      },
      (l) => l,
    );
    return {
      out: attrs.out,
      over: reduced(attrs),
      sizes: attrs.sizes,
      body,
      operands,
      reduce: attrs.reduce,
      dtype: attrs.dtype,
      store,
      name: attrs.name,
    };
  }
}

const DUMMY: Buffer = {
  id: -1,
  name: "probe",
  dtype: "float32",
  length: 0,
  kind: "temporary",
  depth: 0,
};

const spaceOf = ({ outputs: [{ shape }] }: Node): string => shape.join();
/** Letters of the cluster for letters of a map, by the position of the axis in the output. */
const renaming =
  (out: string) =>
  (letters: string): string =>
    [...letters].map((l) => LETTERS[out.indexOf(l)]).join("");
