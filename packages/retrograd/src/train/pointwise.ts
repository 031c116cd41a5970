/**
 * Formulas over whole trees of tensors. Training is written as scalar expressions (an optimizer is
 * three of them); `each` spreads one over tensors, so that every formula is a single fused loop.
 */
import { lettersOfRank } from "../ops/axes.ts";
import { map } from "../ops/map.ts";
import type { DType } from "../scalar/dtype.ts";
import { add, type Expr, mul, select, slot, toFloat32, toFloat64 } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { flatten, flattenLike, rebuild } from "../tensor/tree.ts";

/**
 * `body` at every place. An operand of lower rank is repeated over the axes it lacks, which are the
 * last ones: a number meets everything, a mask [batch, time] meets [batch, time, feature].
 */
export function each(name: string, body: Expr, ...args: readonly Tensor[]): Tensor {
  const out = lettersOfRank(Math.max(0, ...args.map((t) => t.rank)));
  return map(`${args.map((t) => out.slice(0, t.rank))}->${out}`, body, args, { name });
}

/** Σ body over every place, a scalar; operands are spread as in `each`. */
export function total(name: string, body: Expr, ...args: readonly Tensor[]): Tensor {
  const all = lettersOfRank(Math.max(0, ...args.map((t) => t.rank)));
  return map(`${args.map((t) => all.slice(0, t.rank))}->`, body, args, { name });
}

/** e, of dtype `from`, as the float dtype `to`. */
export const converted = (e: Expr, from: DType, to: DType): Expr =>
  from === to ? e : to === "float64" ? toFloat64(e) : toFloat32(e);

/** x in another float dtype; itself when it has it already. */
export const as = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? x : each("cast", converted(slot(0), x.dtype, dtype), x);

/** Σ x² over every leaf of a tree, a scalar of the first leaf's dtype. */
export function sumOfSquares(tree: unknown): Tensor {
  const sums = flatten(tree).map((g) => total("squares", mul(slot(0), slot(0)), g));
  return sums.reduce((a, b) => each("add", add(slot(0), slot(1)), a, as(b, a.dtype)));
}

/** Combine trees of one structure leaf by leaf: `f` is given the leaves at one place. */
export function zip<T>(like: T, f: (leaves: readonly Tensor[]) => Tensor, ...trees: unknown[]): T {
  const columns = [flatten(like), ...trees.map((t) => flattenLike(like, t, "training"))];
  return rebuild(
    like,
    columns[0].map((_, i) => f(columns.map((c) => c[i]))),
  );
}

/** `tree` where the condition holds (for all, or row by row), else `otherwise`. */
export const choose = <T>(name: string, condition: Tensor, tree: T, otherwise: T): T =>
  zip(tree, ([a, b]) => each(name, select(slot(0), slot(1), slot(2)), condition, a, b), otherwise);
