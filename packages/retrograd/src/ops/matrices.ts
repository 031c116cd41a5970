/**
 * Matrices in the last two axes, recorded: the products, transposes and triangles of which the
 * derivatives of factorisations are made. Axes before the last two are a batch.
 */
import { fail } from "../errors.ts";
import { isFloat } from "../scalar/dtype.ts";
import { type Expr, equal, index, less, mul, select, slot } from "../scalar/index.ts";
import type { Maybe, Tensor } from "../tensor/tensor.ts";
import { describeFully, lettersOfRank } from "./axes.ts";
import { plus, recordMap } from "./map.ts";

const [ROW, COLUMN, INNER] = ["Y", "Z", "X"];
const axesBefore = (x: Tensor): string => lettersOfRank(x.rank - 2);

/** a b. */
export function times(a: Tensor, b: Tensor): Tensor {
  const rest = axesBefore(a);
  const spec = `${rest}${ROW}${INNER},${rest}${INNER}${COLUMN}->${rest}${ROW}${COLUMN}`;
  return recordMap(spec, mul(slot(0), slot(1)), [a, b], { name: "matmul" });
}

/** aᵀ. */
export function transposed(a: Tensor): Tensor {
  const rest = axesBefore(a);
  const spec = `${rest}${ROW}${COLUMN}->${rest}${COLUMN}${ROW}`;
  return recordMap(spec, slot(0), [a], { name: "transpose" });
}

/** Every element by a function of it and of its row and column. */
export function elements(
  name: string,
  a: Tensor,
  body: (element: Expr, row: Expr, column: Expr) => Expr,
): Tensor {
  const letters = `${axesBefore(a)}${ROW}${COLUMN}`;
  const value = body(slot(0), index(ROW), index(COLUMN));
  return recordMap(`${letters}->${letters}`, value, [a], { name });
}

/** The part below the diagonal, the diagonal times a number, and zeros above it. */
export const below = (a: Tensor, diagonal: number): Tensor =>
  elements("tril", a, (x, row, column) =>
    select(less(column, row), x, select(equal(column, row), mul(x, diagonal), 0)),
  );

/** A lower triangle with its mirror image above the diagonal: a symmetric matrix. */
export const mirrored = (a: Tensor): Tensor => plus(below(a, 1), transposed(below(a, 0)));

/** −a, of what is there. */
export const negative = (a: Maybe): Maybe => a && elements("neg", a, (x) => mul(x, -1));

/** The sum of what is there. */
export const sumOf = (a: Maybe, b: Maybe): Maybe => (a && b ? plus(a, b) : (a ?? b));

/** @throws "dtype-mismatch", "shape-mismatch" unless x holds float matrices that `fits` */
export function checkMatrices(
  where: string,
  x: Tensor,
  expected: string,
  fits: (rows: number, columns: number) => boolean,
): void {
  if (!isFloat(x.dtype))
    fail("dtype-mismatch", { op: where, given: describeFully(x), expected: "floats" });
  const [rows, columns] = x.shape.slice(-2);
  if (x.rank < 2 || !fits(rows, columns))
    fail("shape-mismatch", { op: where, given: x.describe(), expected });
}
