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
import { compileReference } from "../scalar/evaluate.ts";
import { add, constant, type Expr, slot } from "../scalar/index.ts";
import {
  apply,
  type Op,
  record,
  showType,
  sizeOf,
  type Tensor,
  type Type,
} from "../tensor/tensor.ts";
import { LETTERS, lettersOfRank, namedSizes } from "./axes.ts";
import { attributes, type MapAttrs, type MapOptions, reduced } from "./mapAttrs.ts";
import { mapCotangents, mapTangents } from "./mapDerivatives.ts";

export { isElementwise, type MapAttrs, type MapOptions, nameOfMap, reduced } from "./mapAttrs.ts";

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

/** Recorded `body` at every place; an operand of lower rank lacks the last axes. */
export function recordEach(name: string, body: Expr, ...args: readonly Tensor[]): Tensor {
  const out = lettersOfRank(Math.max(...args.map((a) => a.rank)));
  return recordMap(`${args.map((a) => out.slice(0, a.rank))}->${out}`, body, args, { name });
}

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

  jvp: mapTangents,
  vjp: mapCotangents,

  batch({ attrs: { operands, out, body, sizes, reduce, dtype, name } }, args, batched, size) {
    const fresh = [...LETTERS].find((l) => !(l in sizes))!;
    const spec = `${operands.map((o, k) => (batched[k] ? fresh + o : o))}->${fresh}${out}`;
    return [
      recordMap(spec, body, args, { sizes: { ...sizes, [fresh]: size }, reduce, dtype, name }),
    ];
  },
};

const strideOf = (
  operand: string,
  letter: string,
  sizes: Readonly<Record<string, number>>,
): number => {
  const at = operand.indexOf(letter);
  return at < 0 ? 0 : [...operand.slice(at + 1)].reduce((n, l) => n * sizes[l], 1);
};

/** Recorded sum of two tensors of one shape. */
export const plus = (a: Tensor, b: Tensor): Tensor =>
  recordEach("add", add(slot(0), slot(1)), a, b);

/** Recorded zeros (or another number everywhere). */
export function filled({ shape, dtype }: Type, value = 0): Tensor {
  const letters = lettersOfRank(shape.length);
  const sizes = namedSizes(letters, shape);
  return recordMap(`->${letters}`, constant(value), [], { sizes, dtype, name: "fill" });
}
