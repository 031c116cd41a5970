/**
 * map: the op almost every op is.
 *
 *   out[…] = Σ body(a[…], b[…], …)     summed (or maximised) over the letters `out` lacks
 *
 * One letter per axis and any scalar expression for the body. Elementwise ops, broadcasts,
 * transposes, sums, products and outer products are all maps, so their shape, value, derivatives,
 * batching and loops are written once.
 */
import { fail } from "../errors.ts";
import { type DType, isFloat } from "../scalar/dtype.ts";
import { compileReference, derivative, replacePart, times } from "../scalar/evaluate.ts";
import {
  add,
  bind,
  constant,
  div,
  dtypeOf,
  type Expr,
  equal,
  isConst,
  lettersOf,
  mul,
  select,
  slot,
  slotsOf,
  toFloat32,
  toFloat64,
} from "../scalar/index.ts";
import {
  apply,
  type Maybe,
  type Node,
  type Op,
  record,
  showType,
  sizeOf,
  Tensor,
  type Type,
} from "../tensor/tensor.ts";

export interface MapAttrs {
  /** One string of letters per operand. */
  readonly operands: readonly string[];
  readonly out: string;
  readonly body: Expr;
  /** Size of every letter. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly reduce: "sum" | "max";
  readonly dtype: DType;
  readonly name: string;
}

/** Letters that are summed or maximised away. */
export const reduced = ({ sizes, out }: MapAttrs): string[] =>
  Object.keys(sizes).filter((l) => !out.includes(l));
export const isElementwise = (m: MapAttrs): boolean => reduced(m).length === 0;

export interface MapOptions {
  sizes?: Record<string, number>;
  reduce?: "sum" | "max";
  /** Name in messages and in explain(). */
  name?: string;
  /** dtype of a body that is only constants; float32 by default. */
  dtype?: DType;
}

/**
 * out[…] = Σ body(args…): `spec` is as in einsum, e.g. "ij,jk->ik".
 * @param body  expression over slot(0), slot(1), …, one per argument
 * @throws "bad-spec", "rank-mismatch", "axis-mismatch", "dtype-mismatch"
 */
export function map(
  spec: string,
  body: Expr,
  args: readonly Tensor[],
  options: MapOptions = {},
): Tensor {
  return apply(mapOp, args, attributes(spec, body, args, options))[0];
}
/** The same, recorded even when every argument is concrete. */
export function recordMap(
  spec: string,
  body: Expr,
  args: readonly Tensor[],
  options: MapOptions = {},
): Tensor {
  return record(mapOp, args, attributes(spec, body, args, options))[0];
}

function attributes(
  spec: string,
  body: Expr,
  args: readonly Tensor[],
  { sizes = {}, reduce = "sum", name = "map", dtype: weak }: MapOptions,
): MapAttrs {
  const sides = spec.replaceAll(" ", "").split("->");
  if (sides.length !== 2 || !/^[A-Za-z,]*$/.test(sides[0]) || !/^[A-Za-z]*$/.test(sides[1]))
    fail("bad-spec", { op: name, spec, reason: "is not of the form operands->out" });
  const operands = args.length === 0 && sides[0] === "" ? [] : sides[0].split(","),
    out = sides[1];
  if (operands.length !== args.length)
    fail("bad-spec", {
      op: name,
      spec,
      reason: `names ${operands.length} operands, but ${args.length} were given`,
    });
  for (const group of [...operands, out])
    if (new Set(group).size !== group.length)
      fail("bad-spec", { op: name, spec, reason: `repeats a letter in "${group}"` });
  const all = letterSizes(operands, args, sizes, name);
  for (const l of [...out, ...lettersOf(body)])
    if (!(l in all))
      fail("bad-spec", { op: name, spec, reason: `does not say the size of "${l}"` });
  for (const k of slotsOf(body))
    if (k >= args.length)
      fail("bad-spec", { op: name, spec, reason: `has no operand for slot ${k}` });
  const dtype = dtypeOf(
    body,
    args.map((a) => a.dtype),
    name,
    weak,
  );
  if (Object.keys(all).some((l) => !out.includes(l)) && dtype === "bool")
    fail("dtype-mismatch", { op: name, given: "a bool to sum", expected: "a number" });
  return { operands, out, body, sizes: all, reduce, dtype, name };
}

function letterSizes(
  operands: readonly string[],
  args: readonly Tensor[],
  given: Record<string, number>,
  op: string,
): Record<string, number> {
  const sizes: Record<string, number> = {},
    owner: Record<string, string> = {};
  operands.forEach((letters, k) => {
    const a = args[k];
    if (a.shape.length !== letters.length)
      fail("rank-mismatch", {
        op,
        operand: a.describe(),
        expected: `the ${letters.length} axes "${letters}"`,
      });
    [...letters].forEach((l, axis) => {
      if (l in sizes && sizes[l] !== a.shape[axis])
        fail("axis-mismatch", {
          op,
          axis: l,
          a: owner[l],
          b: a.describe(),
          sizeA: sizes[l],
          sizeB: a.shape[axis],
        });
      sizes[l] = a.shape[axis];
      owner[l] ??= a.describe();
    });
  });
  for (const [l, n] of Object.entries(given)) {
    if (l in sizes && sizes[l] !== n)
      fail("axis-mismatch", {
        op,
        axis: l,
        a: owner[l],
        b: "the given sizes",
        sizeA: sizes[l],
        sizeB: n,
      });
    sizes[l] = n;
  }
  return sizes;
}

/** A map over `all`, without the operands its body never reads. */
export function mapOver(
  all: readonly (readonly [Tensor, string])[],
  out: string,
  body: Expr,
  options: MapOptions,
): Tensor {
  const used = [...slotsOf(body)].sort((a, b) => a - b);
  const kept = used.map((k) => all[k]);
  const body2 = used.every((k, i) => k === i) ? body : bind(body, (k) => slot(used.indexOf(k)));
  return recordMap(
    `${kept.map(([, l]) => l)}->${out}`,
    body2,
    kept.map(([t]) => t),
    options,
  );
}

export const freshLetter = (used: Iterable<string>): string => {
  const taken = new Set(used);
  return [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((l) => !taken.has(l))!;
};

export const mapOp: Op<MapAttrs> = {
  name: "map",
  lower: "map",

  shape(args, attrs) {
    args.forEach((a, k) => {
      const want = [...attrs.operands[k]].map((l) => attrs.sizes[l]);
      if (want.length !== a.shape.length || want.some((n, i) => n !== a.shape[i]))
        fail("rank-mismatch", {
          op: attrs.name,
          operand: showType(a),
          expected: `"${attrs.operands[k]}" of sizes ${want}`,
        });
    });
    return [{ shape: [...attrs.out].map((l) => attrs.sizes[l]), dtype: attrs.dtype }];
  },

  evaluate({ attrs, outputs, args: operands }, args) {
    const { out, body, sizes, reduce } = attrs;
    const over = reduced(attrs),
      letters = [...out, ...over];
    const counts = letters.map((l) => sizes[l]);
    const result = new Float64Array(sizeOf(outputs[0].shape));
    if (over.length && reduce === "max") result.fill(-Infinity);
    const total = counts.reduce((a, b) => a * b, 1),
      inner = over.reduce((n, l) => n * sizes[l], 1);
    if (total === 0) return [result];
    const value = compileReference(
      body,
      operands.map((t) => t.dtype),
    );
    const strides = attrs.operands.map((o) => letters.map((l) => strideOf(o, l, sizes)));
    const at = { slots: new Float64Array(args.length), indices: {} as Record<string, number> };
    const position = new Array<number>(letters.length).fill(0),
      offsets = new Array<number>(args.length).fill(0);
    for (const l of letters) at.indices[l] = 0;
    for (let i = 0; i < total; i++) {
      for (let k = 0; k < args.length; k++) at.slots[k] = args[k][offsets[k]];
      const y = value(at),
        place = inner === 1 ? i : Math.floor(i / inner);
      if (over.length === 0 || i % inner === 0)
        result[place] = y; // not 0 + y: the sign of −0 stays
      else if (reduce === "max") result[place] = Math.max(result[place], y);
      else result[place] += y;
      for (let d = letters.length - 1; d >= 0; d--) {
        position[d]++;
        for (let k = 0; k < args.length; k++) offsets[k] += strides[k][d];
        if (position[d] < counts[d]) {
          at.indices[letters[d]] = position[d];
          break;
        }
        for (let k = 0; k < args.length; k++) offsets[k] -= strides[k][d] * counts[d];
        position[d] = 0;
        at.indices[letters[d]] = 0;
      }
    }
    return [result];
  },

  jvp(node, tangents) {
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
          [...all, [tangents[k]!, attrs.operands[k]], ...outputOperand(node)],
          attrs.out,
          times(reuse(node, d, args.length + 1), tangent),
          options(node),
        ),
      );
    });
    return [terms.length ? terms.reduce(plus) : undefined];
  },

  vjp(node, [ct]) {
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
      return mapOver(all, attrs.operands[k], body, options(node));
    });
  },

  batch({ attrs: { operands, out, body, sizes, reduce, dtype, name } }, args, batched, size) {
    const fresh = freshLetter(Object.keys(sizes));
    const spec = `${operands.map((o, k) => (batched[k] ? fresh + o : o))}->${fresh}${out}`;
    return [
      recordMap(spec, body, args, { sizes: { ...sizes, [fresh]: size }, reduce, dtype, name }),
    ];
  },
};

const options = ({ attrs }: Node<MapAttrs>): MapOptions => ({
  sizes: { ...attrs.sizes },
  name: `d ${attrs.name}`,
  dtype: attrs.dtype,
});
/** A cotangent has the dtype of what it belongs to. */
const castTo = (dtype: DType, e: Expr, from: DType): Expr =>
  dtype === from ? e : dtype === "float64" ? toFloat64(e) : toFloat32(e);

const strideOf = (
  operand: string,
  letter: string,
  sizes: Readonly<Record<string, number>>,
): number => {
  const at = operand.indexOf(letter);
  return at < 0 ? 0 : [...operand.slice(at + 1)].reduce((n, l) => n * sizes[l], 1);
};

/** An elementwise map may read its own value in its derivative instead of computing it again. */
const outputOperand = (node: Node<MapAttrs>): (readonly [Tensor, string])[] =>
  isElementwise(node.attrs) ? [[new Tensor(node), node.attrs.out]] : [];
const reuse = (node: Node<MapAttrs>, d: Expr, at: number): Expr =>
  isElementwise(node.attrs) && node.attrs.body.kind === "call"
    ? replacePart(d, node.attrs.body, slot(at))
    : d;

/** Recorded sum of two tensors of one shape. */
export function plus(a: Tensor, b: Tensor): Tensor {
  const letters = "abcdefghijklmnopqrstuvwxyz".slice(0, a.shape.length);
  return recordMap(`${letters},${letters}->${letters}`, add(slot(0), slot(1)), [a, b], {
    name: "add",
  });
}

/** Recorded zeros (or another number everywhere). */
export function filled(type: Type, value = 0): Tensor {
  const letters = "abcdefghijklmnopqrstuvwxyz".slice(0, type.shape.length);
  const sizes = Object.fromEntries([...letters].map((l, i) => [l, type.shape[i]]));
  return record(mapOp, [], {
    operands: [],
    out: letters,
    body: constant(value),
    sizes,
    reduce: "sum",
    dtype: type.dtype,
    name: "fill",
  })[0];
}

/** 1 where an element is a maximum, shared among ties: the derivative of a maximum over axes. */
function maxShare(node: Node<MapAttrs>): { body: Expr; all: (readonly [Tensor, string])[] } {
  const { attrs, args } = node,
    n = args.length;
  const all: (readonly [Tensor, string])[] = [
    ...args.map((a, k) => [a, attrs.operands[k]] as const),
    [new Tensor(node), attrs.out],
  ];
  const isMax = selectOne(equal(attrs.body, slot(n)));
  const ties = mapOver(all, attrs.out, isMax, { ...options(node), name: "ties" });
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
    return mapOver([...all, [ct, attrs.out]], attrs.operands[k], share, options(node));
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
    return [mapOver([...all, [tangents[k]!, attrs.operands[k]]], attrs.out, share, options(node))];
  });
  return terms.length ? terms.reduce(plus) : undefined;
}
