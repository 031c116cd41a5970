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
  mul,
  select,
  slot,
  slotsOf,
  toFloat32,
  toFloat64,
} from "../scalar/index.ts";
import { type Maybe, type Node, record, Tensor } from "../tensor/tensor.ts";
import { lettersOfRank } from "./axes.ts";
import {
  attributes,
  isElementwise,
  type MapAttrs,
  type MapOptions,
  nameOfMap,
} from "./mapAttrs.ts";

/** A map over `all`, without the operands its body never reads. */
function mapOver(
  { op }: Node<MapAttrs>,
  all: readonly (readonly [Tensor, string])[],
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

/** The sum of two tensors of the type of the output. */
function plus({ op }: Node<MapAttrs>, a: Tensor, b: Tensor): Tensor {
  const letters = lettersOfRank(a.rank);
  const spec = `${letters},${letters}->${letters}`;
  const attrs = attributes(spec, add(slot(0), slot(1)), [a, b], { name: "add" });
  return record(op, [a, b], attrs)[0];
}

/** Tangents: the body derived by each operand, times its tangent. */
export function mapTangents(node: Node<MapAttrs>, tangents: readonly Maybe[]): Maybe[] {
  const { attrs, args } = node;
  if (!isFloat(attrs.dtype) || tangents.every((t) => !t)) return [undefined];
  if (attrs.reduce === "max" && !isElementwise(attrs)) return [maxTangent(node, tangents)];
  const all: [Tensor, string][] = args.map((a, k) => [a, attrs.operands[k]]);
  const terms: Tensor[] = [];
  args.forEach((a, k) => {
    if (!tangents[k]) return;
    const d = derivative(attrs.body, k);
    if (isConst(d, 0)) return;
    const tangent = castTo(attrs.dtype, slot(args.length), a.dtype);
    terms.push(
      mapOver(
        node,
        [...all, [tangents[k]!, attrs.operands[k]], ...outputOperand(node)],
        attrs.out,
        times(reuse(node, d, args.length + 1), tangent),
        optionsOf(node),
      ),
    );
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
  if (attrs.reduce === "max" && !isElementwise(attrs)) return maxCotangents(node, ct);
  const all: (readonly [Tensor, string])[] = [
    ...args.map((a, k) => [a, attrs.operands[k]] as const),
    [ct, attrs.out],
    ...outputOperand(node),
  ];
  return args.map((a, k) => {
    const d = derivative(attrs.body, k);
    if (isConst(d, 0) || !isFloat(a.dtype)) return undefined;
    const body = castTo(
      a.dtype,
      times(slot(args.length), reuse(node, d, args.length + 1)),
      attrs.dtype,
    );
    return mapOver(node, all, attrs.operands[k], body, optionsOf(node));
  });
}

const optionsOf = ({ attrs }: Node<MapAttrs>): MapOptions => ({
  sizes: { ...attrs.sizes },
  name: `d ${nameOfMap(attrs)}`,
  dtype: attrs.dtype,
});
/** A cotangent has the dtype of what it belongs to. */
const castTo = (dtype: DType, e: Expr, from: DType): Expr =>
  dtype === from ? e : dtype === "float64" ? toFloat64(e) : toFloat32(e);

/** An elementwise map may read its own value in its derivative instead of computing it again. */
const outputOperand = (node: Node<MapAttrs>): (readonly [Tensor, string])[] =>
  isElementwise(node.attrs) ? [[new Tensor(node), node.attrs.out]] : [];
const reuse = (node: Node<MapAttrs>, d: Expr, at: number): Expr =>
  isElementwise(node.attrs) && node.attrs.body.kind === "call"
    ? replacePart(d, node.attrs.body, slot(at))
    : d;

/** 1 where an element is a maximum, shared among ties: the derivative of a maximum over axes. */
function maxShare(node: Node<MapAttrs>): { body: Expr; all: (readonly [Tensor, string])[] } {
  const { attrs, args } = node,
    n = args.length;
  const all: (readonly [Tensor, string])[] = [
    ...args.map((a, k) => [a, attrs.operands[k]] as const),
    [new Tensor(node), attrs.out],
  ];
  const isMax = selectOne(equal(attrs.body, slot(n)));
  const ties = mapOver(node, all, attrs.out, isMax, { ...optionsOf(node), name: "ties" });
  return { body: div(isMax, slot(n + 1)), all: [...all, [ties, attrs.out]] };
}
const selectOne = (condition: Expr): Expr => select(condition, 1, 0);

function maxCotangents(node: Node<MapAttrs>, ct: Tensor): Maybe[] {
  const { attrs, args } = node,
    { body, all } = maxShare(node),
    n = all.length;
  return args.map((a, k) => {
    const d = derivative(attrs.body, k);
    if (isConst(d, 0) || !isFloat(a.dtype)) return undefined;
    const share = castTo(a.dtype, mul(slot(n), times(body, d)), attrs.dtype);
    return mapOver(node, [...all, [ct, attrs.out]], attrs.operands[k], share, optionsOf(node));
  });
}

function maxTangent(node: Node<MapAttrs>, tangents: readonly Maybe[]): Maybe {
  const { attrs, args } = node,
    { body, all } = maxShare(node),
    n = all.length;
  const terms = args.flatMap((a, k) => {
    const d = derivative(attrs.body, k);
    if (!tangents[k] || isConst(d, 0)) return [];
    const share = mul(castTo(attrs.dtype, slot(n), a.dtype), times(body, d));
    return [
      mapOver(node, [...all, [tangents[k]!, attrs.operands[k]]], attrs.out, share, optionsOf(node)),
    ];
  });
  return terms.length ? terms.reduce((a, b) => plus(node, a, b)) : undefined;
}
