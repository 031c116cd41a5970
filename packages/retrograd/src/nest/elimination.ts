/**
 * Elimination as kernels: solutions of equations, and Cholesky's triangle. Each works in place on a
 * copy, row by row in lanes; a pivot is a row whose index is found at run time.
 */
import { lettersOfRank } from "../ops/axes.ts";
import {
  abs,
  constant,
  div,
  greater,
  index,
  lessEqual,
  neg,
  select,
  slot,
  sqrt,
} from "../scalar/index.ts";
import { type Node, sizeOf } from "../tensor/tensor.ts";
import { addRow, alongRow, by, copied, emitInPlace, Matrix, stacked } from "./matrixLoops.ts";
import { at, loop, loopFrom, loops, type Stmt, type Value } from "./nest.ts";
import type { Places } from "./places.ts";
import { call, integer, local, put, splat } from "./values.ts";
import { flipView } from "./view.ts";

const minus = (value: Value): Value => call(neg, value);

/** x of A x = b: the right sides become it, where they lie. */
export function emitSolve(l: Places, node: Node<{ triangle?: "lower" | "upper" }>): void {
  l.flush();
  const { triangle } = node.attrs;
  const [given, right] = node.args.map((t) => l.view(t));
  const out = l.destination(node);
  const a = triangle ? given : copied(l, given, "eliminated");
  l.copyView(right, out);
  const { shape, names } = stacked(out);
  const [n, k] = out.shape.slice(-2);
  const bytes = l.w.can.vectorBytes;
  // An upper triangle is a lower one that is read from its end.
  const [rows, columns] = [out.shape.length - 2, out.shape.length - 1];
  const isLower = triangle === "lower";
  const left = new Matrix(isLower ? a : flipView(a, [rows, columns]), names);
  const x = new Matrix(isLower ? out : flipView(out, [rows]), names);
  const eliminated = triangle
    ? []
    : eliminate(new Matrix(a, names), new Matrix(out, names), n, bytes);
  const body = loops("o", shape, [...eliminated, ...substitute(left, x, n, bytes)]);
  l.setPlace(node, 0, out);
  if (out.shape.includes(0)) return;
  const flops = sizeOf(shape) * n * n * (2 * k + (triangle ? 0 : (2 / 3) * n + 2 * k));
  const note = triangle
    ? `${triangle} triangle of ${n}, ${k} columns`
    : `${n} equations, ${k} columns`;
  emitInPlace(l, "solve", body, {
    given: triangle ? [a] : [],
    work: triangle ? [out] : [a, out],
    flops,
    note,
  });
}

/** Zeros below the diagonal of `a`, whose rows are exchanged for the largest pivots. */
function eliminate(a: Matrix, b: Matrix, n: number, bytes: number): Stmt[] {
  const { dtype } = a;
  const [column, row] = [by("k"), by("i")];
  const [best, bestAt] = [local("best", dtype), local("bestAt", "int32")];
  const [size, isBetter] = [local("size", dtype), local("isBetter", "bool")];
  const factor = local("factor", dtype);
  const search = [
    put("let", "best", call(abs, a.load(column, column))),
    put("let", "bestAt", integer(column)),
    ...loopFrom(by("k", 1), "i", n, [
      put("let", "size", call(abs, a.load(row, column))),
      put("let", "isBetter", call(greater, size, best)),
      put("set", "best", call(select, isBetter, size, best)),
      put("set", "bestAt", call(select, isBetter, integer(row), bestAt)),
    ]),
  ];
  const exchange = (x: Matrix): Stmt[] =>
    alongRow(x.columns, x.lanes(bytes), (j, lanes) => [
      put("let", "above", x.load(column, j, lanes)),
      put("let", "pivot", x.load(at(0), j, lanes, x.rowAt(bestAt))),
      x.store(at(0), j, local("above", dtype, lanes), x.rowAt(bestAt)),
      x.store(column, j, local("pivot", dtype, lanes)),
    ]);
  const subtract = loopFrom(by("k", 1), "i", n, [
    put("let", "factor", minus(call(div, a.load(row, column), a.load(column, column)))),
    ...addRow(a, row, factor, column, bytes),
    ...addRow(b, row, factor, column, bytes),
  ]);
  return loop("k", n, [...search, ...exchange(a), ...exchange(b), ...subtract]);
}

/** The rows of x from the first on: each is divided by its pivot, and taken from those below it. */
function substitute(a: Matrix, x: Matrix, n: number, bytes: number): Stmt[] {
  const { dtype } = a;
  const [column, row] = [by("k"), by("i")];
  const divide = alongRow(x.columns, x.lanes(bytes), (j, lanes) => [
    x.store(column, j, call(div, x.load(column, j, lanes), splat(local("pivot", dtype), lanes))),
  ]);
  return loop("k", n, [
    put("let", "pivot", a.load(column, column)),
    ...divide,
    ...loopFrom(by("k", 1), "i", n, [
      put("let", "factor", minus(a.load(row, column))),
      ...addRow(x, row, local("factor", dtype), column, bytes),
    ]),
  ]);
}

/** L of L Lᵀ: elimination without exchanges, whose columns are divided by the roots of pivots. */
export function emitCholesky(l: Places, node: Node): void {
  l.flush();
  const given = l.view(node.args[0]);
  const out = l.destination(node);
  const { dtype } = out.buffer;
  const [n] = out.shape.slice(-1);
  const rank = out.shape.length;
  const letters = lettersOfRank(rank);
  const turned = {
    ...given,
    strides: given.strides.with(-1, given.strides[rank - 2]).with(-2, given.strides[rank - 1]),
  };
  const work = l.w.allocate(out.shape, dtype, "eliminated");
  const [i, j] = [index(letters[rank - 2]), index(letters[rank - 1])];
  l.write(work, "symmetric", select(lessEqual(j, i), slot(0), slot(1)), [given, turned], letters);
  l.write(out, "fill", constant(0));
  const { shape, names } = stacked(out);
  const [a, L] = [new Matrix(work, names), new Matrix(out, names)];
  const [column, row] = [by("k"), by("i")];
  const pivot = local("pivot", dtype);
  const step = loop("k", n, [
    put("let", "pivot", a.load(column, column)),
    put("let", "root", call(sqrt, pivot)),
    ...loopFrom(column, "i", n, [
      L.store(row, column, call(div, a.load(row, column), local("root", dtype))),
    ]),
    ...loopFrom(by("k", 1), "i", n, [
      put("let", "factor", minus(call(div, a.load(row, column), pivot))),
      ...addRow(a, row, local("factor", dtype), column, l.w.can.vectorBytes),
    ]),
  ]);
  l.setPlace(node, 0, out);
  if (out.shape.includes(0)) return;
  const flops = (sizeOf(shape) * n ** 3) / 3;
  const note = `lower triangle of ${n}`;
  emitInPlace(l, "cholesky", loops("o", shape, step), { work: [work, out], flops, note });
}
