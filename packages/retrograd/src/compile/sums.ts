/**
 * Sums of many terms: nested additions become one, zeros leave, and padded parts that lie side by
 * side become a concatenation, which costs nothing because its parts are written straight into
 * place. (The cotangent of slicing gates apart is such a sum.)
 */

import { concatenateOp } from "../ops/concatenate.ts";
import { filled, isElementwise, type MapAttrs, recordMap } from "../ops/map.ts";
import type { PadAttrs } from "../ops/slice.ts";
import { add, type Expr, slot } from "../scalar/index.ts";
import { type Graph, uniform } from "../tensor/graph.ts";
import { type Node, record, type Tensor } from "../tensor/tensor.ts";
import { readersOf, rewriteGraph } from "./rewrite.ts";

/** One term of a sum: a tensor and the letters of its axes. */
export interface Term {
  readonly tensor: Tensor;
  readonly letters: string;
}

/** The slots that a body adds up, each once; undefined when it does anything else. */
export function addedSlots(e: Expr): number[] | undefined {
  if (e.kind === "slot") return [e.index];
  if (e.kind !== "call" || e.fn.name !== "add") return undefined;
  const [a, b] = e.args.map(addedSlots);
  return a && b && !a.some((k) => b.includes(k)) ? [...a, ...b] : undefined;
}

/** The terms of an elementwise addition, or undefined. */
export function termsOf({ op, attrs, args }: Node): Term[] | undefined {
  if (op.name !== "map" || attrs.body.kind !== "call" || !isElementwise(attrs)) return undefined;
  return addedSlots(attrs.body)?.map((k) => ({ tensor: args[k], letters: attrs.operands[k] }));
}

/** The sum of terms over the axes `out`. */
export function sumOf(terms: readonly Term[], attrs: MapAttrs): Tensor {
  const { out, sizes, dtype, name } = attrs;
  if (terms.length === 0) return filled({ shape: [...out].map((l) => sizes[l]), dtype });
  if (terms.length === 1 && terms[0].letters === out) return terms[0].tensor;
  const body = terms.map((_, k) => slot(k)).reduce((a, b) => add(a, b));
  return recordMap(
    `${terms.map((t) => t.letters)}->${out}`,
    body,
    terms.map((t) => t.tensor),
    { sizes: { ...sizes }, dtype, name },
  );
}

const isZero = (t: Tensor): boolean =>
  uniform(t) === 0 ||
  (t.node.op.name === "map" &&
    t.node.args.length === 0 &&
    t.node.attrs.body.kind === "const" &&
    t.node.attrs.body.value === 0);

export function flattenSums(graph: Graph): Graph {
  const readers = readersOf(graph);
  const flat = new Map<Node, Term[]>(); // terms of additions that only another addition reads
  return rewriteGraph(graph, (node, args) => {
    const own = termsOf({ ...node, args });
    if (!own) return undefined;
    const terms = own
      .flatMap((t): Term[] => {
        const inner = flat.get(t.tensor.node);
        if (!inner || t.letters.length !== (t.tensor.node.attrs as MapAttrs).out.length) return [t];
        const from = (t.tensor.node.attrs as MapAttrs).out;
        return inner.map((i) => ({
          tensor: i.tensor,
          letters: [...i.letters].map((l) => t.letters[from.indexOf(l)]).join(""),
        }));
      })
      .filter((t) => !isZero(t.tensor) || node.attrs.dtype === "bool");
    const [reader] = readers.get(node) ?? [];
    if (readers.get(node)?.length === 1 && reader && termsOf(reader)) {
      const part = sumOf(terms, node.attrs);
      if (terms.length > 1) flat.set(part.node, terms); // one term is itself, not a sum
      return [part];
    }
    return [sumOf(joinPads(terms, node.attrs), node.attrs)];
  });
}

/** Pads along one axis whose parts do not overlap, as one concatenation with zeros in the gaps. */
function joinPads(terms: readonly Term[], { out }: MapAttrs): Term[] {
  const pads = terms.filter((t) => t.letters === out && padAxis(t.tensor) !== undefined);
  if (pads.length < 2) return [...terms];
  const axis = padAxis(pads[0].tensor)!;
  const along = pads
    .filter((t) => padAxis(t.tensor) === axis)
    .map((t) => ({
      term: t,
      part: t.tensor.node.args[0],
      start: (t.tensor.node.attrs as PadAttrs).low[axis],
    }))
    .sort((a, b) => a.start - b.start);
  const pieces: Tensor[] = [],
    [
      {
        term: { tensor: like },
      },
    ] = along;
  const used: Term[] = [];
  let end = 0;
  const gap = (to: number) => {
    if (to > end)
      pieces.push(
        filled({ shape: like.shape.map((n, i) => (i === axis ? to - end : n)), dtype: like.dtype }),
      );
  };
  for (const { term, part, start } of along) {
    if (start < end) continue;
    gap(start);
    pieces.push(part);
    used.push(term);
    end = start + part.shape[axis];
  }
  gap(like.shape[axis]);
  if (used.length < 2) return [...terms];
  const [tensor] = record(concatenateOp, pieces, { axis });
  return [{ tensor, letters: out }, ...terms.filter((t) => !used.includes(t))];
}

/** The one axis along which a tensor is padded. */
function padAxis({ node }: Tensor): number | undefined {
  if (node.op.name !== "pad") return undefined;
  const { low, high, interior } = node.attrs as PadAttrs;
  const axes = low.flatMap((l, i) => (l || high[i] || interior[i] ? [i] : []));
  return axes.length === 1 && !interior[axes[0]] ? axes[0] : undefined;
}
