/**
 * Derivatives of maps: maps again, whose bodies follow from the rows of the scalar functions. They
 * are recorded through the node's own op, so that this file stands before the op itself.
 */
import { type DType, isFloat } from "../scalar/dtype.ts";
import { derivative, replacePart, times } from "../scalar/evaluate.ts";
import {
  add,
  bind,
  div,
  type Expr,
  equal,
  isConst,
  select,
  slot,
  slotsOf,
  toFloat32,
  toFloat64,
} from "../scalar/index.ts";
import { type Maybe, type Node, record, Tensor } from "../tensor/tensor.ts";
import {
  attributes,
  isElementwise,
  type MapAttrs,
  type MapOptions,
  nameOfMap,
} from "./mapAttrs.ts";

type Operand = readonly [tensor: Tensor, letters: string];

/** A map over `all`, without the operands its body never reads. */
function mapOver(
  { op }: Node<MapAttrs>,
  all: readonly Operand[],
  out: string,
  body: Expr,
  options: MapOptions,
): Tensor {
  const used = [...slotsOf(body)].sort((a, b) => a - b);
  const kept = used.map((k) => all[k]);
  const body2 = used.every((k, i) => k === i) ? body : bind(body, (k) => slot(used.indexOf(k)));
  const operands = kept.map(([t]) => t);
  const spec = `${kept.map(([, l]) => l)}->${out}`;
  return record(op, operands, attributes(spec, body2, operands, options))[0];
}

/** The derivative of a map by its operands: a body over its own operands, one slot, and others. */
interface Derived {
  readonly own: readonly Operand[];
  /** Behind the slot in which a tangent or a cotangent is read. */
  readonly others: readonly Operand[];
  by(k: number): Expr;
}

function derived(node: Node<MapAttrs>): Derived {
  const { attrs, args } = node,
    { body, out } = attrs;
  const own = args.map((a, k): Operand => [a, attrs.operands[k]]);
  const value: Operand = [new Tensor(node), out];
  const valueSlot = slot(args.length + 1);
  if (isElementwise(attrs)) {
    // It may read its own value in its derivative instead of computing it again.
    const reuse = (d: Expr) => (body.kind === "call" ? replacePart(d, body, valueSlot) : d);
    return { own, others: [value], by: (k) => reuse(derivative(body, k)) };
  }
  if (attrs.reduce === "sum") return { own, others: [], by: (k) => derivative(body, k) };
  // 1 where an element is a maximum, shared among ties.
  const isMax = select(equal(body, valueSlot), 1, 0);
  const options = { ...optionsOf(node), name: "ties" };
  const ties = mapOver(node, [...own, value, value], out, isMax, options);
  const share = div(isMax, slot(args.length + 2));
  return { own, others: [value, [ties, out]], by: (k) => times(share, derivative(body, k)) };
}

/** Tangents: the body derived by each operand, times its tangent. */
export function mapTangents(node: Node<MapAttrs>, tangents: readonly Maybe[]): Maybe[] {
  const { attrs, args } = node;
  if (!isFloat(attrs.dtype) || tangents.every((t) => !t)) return [undefined];
  const { own, others, by } = derived(node);
  const terms = args.flatMap((a, k) => {
    const tangent = tangents[k],
      d = by(k);
    if (!tangent || isConst(d, 0)) return [];
    const all: Operand[] = [...own, [tangent, attrs.operands[k]], ...others];
    const body = times(d, castTo(attrs.dtype, slot(args.length), a.dtype));
    return [mapOver(node, all, attrs.out, body, optionsOf(node))];
  });
  return [terms.length ? terms.reduce((a, b) => plus(node, a, b)) : undefined];
}

/**
 * Cotangents: the body derived by each operand, times the cotangent, summed over the letters that
 * the operand lacks.
 */
export function mapCotangents(node: Node<MapAttrs>, [ct]: readonly Maybe[]): Maybe[] {
  const { attrs, args } = node;
  if (!ct || !isFloat(attrs.dtype)) return args.map(() => undefined);
  const { own, others, by } = derived(node);
  const all: Operand[] = [...own, [ct, attrs.out], ...others];
  return args.map((a, k) => {
    const d = by(k);
    if (isConst(d, 0) || !isFloat(a.dtype)) return undefined;
    const body = castTo(a.dtype, times(slot(args.length), d), attrs.dtype);
    return mapOver(node, all, attrs.operands[k], body, optionsOf(node));
  });
}

/** The sum of two tensors of the type of the output. */
function plus(node: Node<MapAttrs>, a: Tensor, b: Tensor): Tensor {
  const { out } = node.attrs;
  const both: Operand[] = [
    [a, out],
    [b, out],
  ];
  return mapOver(node, both, out, add(slot(0), slot(1)), { name: "add" });
}

const optionsOf = ({ attrs }: Node<MapAttrs>): MapOptions => ({
  sizes: { ...attrs.sizes },
  name: `d ${nameOfMap(attrs)}`,
  dtype: attrs.dtype,
});
/** A cotangent has the dtype of what it belongs to. */
const castTo = (dtype: DType, e: Expr, from: DType): Expr =>
  dtype === from ? e : dtype === "float64" ? toFloat64(e) : toFloat32(e);
