/**
 * A sum of different things comes apart where one of them is a product of matrices:
 *   Σ (a·b + c·d) = Σ a·b + Σ c·d,
 * for a product by itself runs in register tiles, and a mixed body does not.
 */
import { isElementwise, type MapAttrs, recordEach, recordMap } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import { add, bind, type Expr, mul, neg, slot, slotsOf, sub } from "../scalar/index.ts";
import type { Graph } from "../tensor/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

interface Term {
  readonly negative: boolean;
  readonly body: Expr;
}

export function split(graph: Graph, notes: string[] = []): Graph {
  return rewriteGraph(graph, (node, args) => {
    if (node.op.name !== "map") return undefined;
    const attrs = node.attrs as MapAttrs;
    if (attrs.reduce !== "sum" || isElementwise(attrs) || !isFloat(attrs.dtype)) return undefined;
    const terms = termsOf(attrs.body, false);
    if (terms.length < 2 || !terms.some(({ body }) => isContraction(body, attrs))) return undefined;
    notes.push(`split ${attrs.name} into ${terms.length} sums`);
    // One that is added comes first, so that the others have something to be subtracted from.
    const [first, ...rest] = terms.sort((a, b) => Number(a.negative) - Number(b.negative));
    const start = first.negative ? { negative: false, body: neg(first.body) } : first;
    return [
      rest.reduce(
        (total, term) =>
          recordEach(
            "add",
            (term.negative ? sub : add)(slot(0), slot(1)),
            total,
            sumOf(term, attrs, args),
          ),
        sumOf(start, attrs, args),
      ),
    ];
  });
}

/** What a body adds up and subtracts. */
function termsOf(body: Expr, negative: boolean): Term[] {
  if (body.kind !== "call") return [{ negative, body }];
  const [a, b, c] = body.args;
  switch (body.fn.name) {
    case "add":
      return [...termsOf(a, negative), ...termsOf(b, negative)];
    case "sub":
      return [...termsOf(a, negative), ...termsOf(b, !negative)];
    case "neg":
      return termsOf(a, !negative);
    case "fma":
      return [{ negative, body: mul(a, b) }, ...termsOf(c, negative)];
    default:
      return [{ negative, body }];
  }
}

/** True for a product of two operands with a common summed letter and an own one in the output. */
export function isContraction(body: Expr, { operands, out }: MapAttrs): boolean {
  if (body.kind !== "call" || body.fn.name !== "mul") return false;
  const [a, b] = body.args;
  if (a.kind !== "slot" || b.kind !== "slot" || a.index === b.index) return false;
  const [left, right] = [operands[a.index], operands[b.index]];
  const own = (x: string, y: string) => [...x].some((l) => out.includes(l) && !y.includes(l));
  const summed = [...left].some((l) => right.includes(l) && !out.includes(l));
  return summed && (own(left, right) || own(right, left));
}

/** The map of one term, on the operands that it reads. */
function sumOf({ body }: Term, attrs: MapAttrs, args: readonly Tensor[]): Tensor {
  const { operands, out, sizes, dtype, name } = attrs;
  const read = [...slotsOf(body)];
  const spec = `${read.map((k) => operands[k])}->${out}`;
  const own = bind(body, (k) => slot(read.indexOf(k)));
  const given = read.map((k) => args[k]);
  return recordMap(spec, own, given, { sizes: { ...sizes }, dtype, name });
}
