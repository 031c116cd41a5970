/**
 * Products of vectors, matrices and tensors: maps whose letters say which axes meet.
 */
import { fail } from "../errors.ts";
import * as scalar from "../scalar/index.ts";
import { type Expr, index, mul, slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { LETTERS, lettersOfRank } from "./axes.ts";
import { align } from "./broadcast.ts";
import { map } from "./map.ts";
import { sum } from "./reductions.ts";
import { part } from "./slicing.ts";

const product = mul(slot(0), slot(1));

function needsRank(op: string, x: Tensor, rank: number, expected: string): void {
  if (x.rank < rank) fail("rank-mismatch", { op, operand: x.describe(), expected });
}

/**
 * The last axis of a against the first axis of w.
 * @param a  [..., k]
 * @param w  [k, ...n]
 * @returns  [..., ...n]: a number for two vectors
 * @throws   "axis-mismatch", "rank-mismatch", "dtype-mismatch"
 */
export function dot(a: Tensor, w: Tensor): Tensor {
  for (const x of [a, w]) needsRank("dot", x, 1, "a tensor of at least one axis");
  const rows = LETTERS.slice(9, 9 + a.rank - 1);
  const columns = LETTERS.slice(9 + a.rank, 9 + a.rank + w.rank - 1);
  return map(`${rows}i,i${columns}->${rows}${columns}`, product, [a, w], { name: "dot" });
}

/**
 * Products of matrices in the last two axes; the axes before them broadcast. A vector on the left
 * is a row, on the right a column, and the axis that makes it one goes again.
 * @param a  [..., i, k] or [k]
 * @param b  [..., k, j] or [k]
 * @returns  [..., i, j], without i or j where a vector was given
 * @throws   "axis-mismatch", "broadcast-mismatch", "rank-mismatch", "dtype-mismatch"
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  for (const x of [a, b]) needsRank("matmul", x, 1, "a vector or a matrix");
  if (a.rank === 1 || b.rank <= 2) return a.rank === 1 && b.rank > 2 ? rowTimes(a, b) : dot(a, b);
  const { tensors, letters, out, sizes } = align("matmul", [a, b], 2);
  const [A, B] = letters;
  return map(`${A}XY,${B}YZ->${out}XZ`, product, tensors, { sizes, name: "matmul" });
}

/** [k] · [..., k, j] → [..., j]. */
function rowTimes(a: Tensor, b: Tensor): Tensor {
  const rest = lettersOfRank(b.rank - 2);
  return map(`Y,${rest}YZ->${rest}Z`, product, [a, b], { name: "matmul" });
}

/** Every element of a times every element of b: [...a, ...b]. */
export function outer(a: Tensor, b: Tensor): Tensor {
  const left = lettersOfRank(a.rank);
  const right = LETTERS.slice(a.rank, a.rank + b.rank);
  return map(`${left},${right}->${left}${right}`, product, [a, b], { name: "outer" });
}

/**
 * Σ of the product of the tensors, letter by letter: einsum("ij,jk->ik", a, b).
 * @param spec  the letters of each operand, then those of the result
 * @throws      "bad-spec", "axis-mismatch", "rank-mismatch", "dtype-mismatch"
 */
export function einsum(spec: string, ...tensors: readonly Tensor[]): Tensor {
  const body = tensors.map((_, k): Expr => slot(k)).reduce((a, b) => mul(a, b), scalar.constant(1));
  return map(spec, body, tensors, { name: "einsum" });
}

/** Elements whose last two indices are equal: [..., n, m] → [..., min(n, m)]. */
export function diagonal(x: Tensor): Tensor {
  needsRank("diagonal", x, 2, "a matrix");
  const rest = lettersOfRank(x.rank - 2);
  const n = Math.min(x.shape[x.rank - 2], x.shape[x.rank - 1]);
  const body = scalar.select(scalar.equal(index("Y"), index("Z")), slot(0), 0);
  const rowwise = map(`${rest}YZ->${rest}Y`, body, [x], { name: "diagonal" });
  return n === x.shape[x.rank - 2] ? rowwise : part(rowwise, x.rank - 2, 0, n);
}

/** Σ of the diagonal of the last two axes: [..., n, n] → [...]. */
export const trace = (x: Tensor): Tensor => sum(diagonal(x), -1);

/** x in the last two axes where `holds`, 0 elsewhere. */
function masked(op: string, x: Tensor, holds: (row: Expr, column: Expr) => Expr): Tensor {
  needsRank(op, x, 2, "a matrix");
  const rest = lettersOfRank(x.rank - 2);
  const body = scalar.select(holds(index("Y"), index("Z")), slot(0), 0);
  return map(`${rest}YZ->${rest}YZ`, body, [x], { name: op });
}

/** The part of matrices on and below their k-th diagonal, zeros above it. */
export const tril = (x: Tensor, k = 0): Tensor =>
  masked("tril", x, (row, column) => scalar.lessEqual(column, scalar.add(row, k)));

/** The part of matrices on and above their k-th diagonal, zeros below it. */
export const triu = (x: Tensor, k = 0): Tensor =>
  masked("triu", x, (row, column) => scalar.lessEqual(scalar.add(row, k), column));
