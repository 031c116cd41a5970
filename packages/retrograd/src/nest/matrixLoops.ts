/**
 * Matrices inside a kernel: addresses by row and column, loops along rows in lanes, and the one
 * step of which factorisations are made, a multiple of one row added to another.
 */
import { bytesOf, type DType } from "../scalar/dtype.ts";
import { fma } from "../scalar/index.ts";
import type { Shape } from "../tensor/tensor.ts";
import {
  type Affine,
  at,
  type Dynamic,
  loop,
  plusAffine,
  plusTerms,
  type Stmt,
  type Value,
} from "./nest.ts";
import type { Places } from "./places.ts";
import { call, load, splat, store } from "./values.ts";
import type { View } from "./view.ts";

/** An index of a loop, or a distance from one. */
export const by = (name: string, plus = 0): Affine => at(plus, [name, 1]);
/** n − 1 − index: from the end. */
export const backwards = (name: string, n: number): Affine => at(n - 1, [name, -1]);

/** One matrix of a stack of them, whose leading axes are walked by loops that are named. */
export class Matrix {
  readonly view: View;
  readonly #base: Affine;
  constructor(view: View, around: readonly string[]) {
    this.view = view;
    this.#base = plusTerms(
      view.offset,
      around.map((name, d) => [name, view.strides[d]] as const),
    );
  }
  get dtype(): DType {
    return this.view.buffer.dtype;
  }
  get columns(): number {
    return this.view.shape[this.view.shape.length - 1];
  }
  /** Lanes of a vector along a row: 1 where its numbers do not lie side by side. */
  lanes(vectorBytes: number): number {
    return this.view.strides.at(-1) === 1 ? vectorBytes / bytesOf(this.dtype) : 1;
  }
  #at(row: Affine, column: Affine): Affine {
    const [down, across] = this.view.strides.slice(-2);
    return plusAffine(plusAffine(this.#base, row, down), column, across);
  }
  load(row: Affine, column: Affine, lanes = 1, dynamic?: Dynamic): Value {
    return load(this.view, this.#at(row, column), 1, lanes, dynamic);
  }
  store(row: Affine, column: Affine, value: Value, dynamic?: Dynamic): Stmt {
    return store(this.view, this.#at(row, column), value, dynamic);
  }
  /** The row that an int32 local names, as what is added to the address of row 0. */
  rowAt(index: Value): Dynamic {
    return { index, stride: this.view.strides.at(-2)!, count: this.view.shape.at(-2)! };
  }
}

/** A loop over `count` columns, in vectors and then one by one. */
export const alongRow = (
  count: number,
  lanes: number,
  body: (column: Affine, lanes: number) => Stmt[],
): Stmt[] => {
  const vectors = count - (count % lanes);
  return [
    ...loop("v", vectors, body(by("v"), lanes), lanes),
    ...loop("s", count - vectors, body(by("s", vectors), 1)),
  ];
};

/** Loops over the matrices of a stack. */
export const stacked = (view: View): { shape: Shape; names: string[] } => {
  const shape = view.shape.slice(0, -2);
  return { shape, names: shape.map((_, d) => `o${d}`) };
};

/** value + factor · other, in lanes; factor is one number. */
export const multiplyAdd = (factor: Value, other: Value, value: Value): Value =>
  call(fma, splat(factor, value.lanes), other, value);

/** Row `to` plus `factor` times row `from`. */
export const addRow = (
  x: Matrix,
  to: Affine,
  factor: Value,
  from: Affine,
  vectorBytes: number,
): Stmt[] =>
  alongRow(x.columns, x.lanes(vectorBytes), (column, lanes) => {
    const sum = multiplyAdd(factor, x.load(from, column, lanes), x.load(to, column, lanes));
    return [x.store(to, column, sum)];
  });

/** A copy that a kernel may overwrite. */
export function copied(l: Places, from: View, name: string): View {
  const copy = l.w.allocate(from.shape, from.buffer.dtype, name);
  l.copyView(from, copy);
  return copy;
}

/** A kernel that reads `given`, works in place on `work`, and fills `own` before it reads it. */
export function emitInPlace(
  l: Places,
  name: string,
  body: readonly Stmt[],
  o: { given?: View[]; work: View[]; own?: View[]; flops: number; note: string },
): void {
  const uses = (...views: View[]) => views.map(({ buffer }) => ({ buffer }));
  const { given = [], work, own = [], note } = o;
  const [reads, writes] = [uses(...given, ...work), uses(...work, ...own)];
  l.w.emit({ name, body, reads, writes, flops: Math.round(o.flops), note });
}
