/**
 * The equations of a cell as loops over numbers in float64, which share no code with the library:
 * vectors are arrays, matrices arrays of rows, and a cell is held to them moment by moment.
 */
import { type Tensor, tensor } from "retrograd";
import { type Cell, drawTree, startOf, throughTime } from "retrograd/cells";
import { expect } from "vitest";
import { key } from "../../src/ops/random.ts";
import { flatten, mapTree } from "../../src/tensor/tree.ts";
import { numbers } from "../derivatives.ts";

export type Vector = number[];
export type Matrix = number[][];

export const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
/** v W. */
export const times = (v: Vector, W: Matrix): Vector => W[0].map((_, j) => dot(v, column(W, j)));
export const column = (W: Matrix, j: number): Vector => W.map((row) => row[j]);
export const plus = (...all: Vector[]): Vector => all[0].map((_, i) => sum(all.map((v) => v[i])));
export const scaled = (v: Vector, by: number): Vector => v.map((x) => x * by);
export const each = (f: (...x: number[]) => number, ...all: Vector[]): Vector =>
  all[0].map((_, i) => f(...all.map((v) => v[i])));
export const sum = (v: Vector): number => v.reduce((a, b) => a + b, 0);
export const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
export const product = (A: Matrix, B: Matrix): Matrix => A.map((row) => times(row, B));
export const turned = (A: Matrix): Matrix => A[0].map((_, j) => column(A, j));
export const added = (A: Matrix, B: Matrix, by = 1): Matrix =>
  A.map((row, i) => row.map((x, j) => x + by * B[i][j]));
export const identity = (n: number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => +(i === j)));
/** 1 + A + A²/2 + …, 60 terms: for small matrices alone. */
export function series(A: Matrix): Matrix {
  let [total, term] = [identity(A.length), identity(A.length)];
  for (let k = 1; k <= 60; k++) {
    term = product(term, A).map((row) => scaled(row, 1 / k));
    total = added(total, term);
  }
  return total;
}
/** Singular values, descending: columns are rotated against each other until they are orthogonal. */
export function singularValues(W: Matrix): Vector {
  const columns = turned(W);
  for (let sweep = 0; sweep < 60; sweep++)
    for (let i = 0; i < columns.length; i++)
      for (let j = i + 1; j < columns.length; j++) {
        const [a, b] = [columns[i], columns[j]];
        const angle = 0.5 * Math.atan2(2 * dot(a, b), dot(a, a) - dot(b, b));
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        columns[i] = each((x, y) => c * x + s * y, a, b);
        columns[j] = each((x, y) => c * y - s * x, a, b);
      }
  return columns.map((v) => Math.sqrt(dot(v, v))).sort((a, b) => b - a);
}

/** Sums [gates][units] of weights [in][gates][units]. */
export const gateSums = (v: Vector, W: number[][][]): Matrix =>
  parts(W).map((gate) => times(v, gate));
/** The matrices of weights [in][gates][units]. */
export const parts = (W: number[][][]): Matrix[] => W[0].map((_, k) => W.map((rows) => rows[k]));
/** S = A − Aᵀ. */
export const skew = (A: Matrix): Matrix => added(A, turned(A), -1);
/** A step whose state and output are one vector. */
export const only = (h: Vector) => ({ state: { h }, output: h });
export const tanh = (v: Vector): Vector => each(Math.tanh, v);

/** One moment: params and state as nested arrays. */
export type PlainStep = (params: any, state: any, x: Vector) => { state: any; output: Vector };

/** The cell gives what the equations give, moment by moment, from a random state. */
export function expectEquations(cell: Cell, step: PlainStep, { input = 3, time = 6 } = {}): void {
  const float = "float64";
  const draw = numbers(5);
  const move = (t: Tensor, by: number) =>
    t.add(tensor(draw(t.size), { shape: t.shape, dtype: float }).mul(by));
  const params = mapTree(drawTree<any>(cell.params([input]), key(1), float), (t: Tensor) =>
    move(t, 0.3),
  );
  const first = mapTree(startOf(cell, params, [input], 1, float), (t: Tensor) => move(t, 0.5));
  const xs = tensor(draw(time * input), { shape: [time, 1, input], dtype: float });
  const { state, outputs } = throughTime(cell, params, xs, first);
  const arrays = (tree: unknown): any => mapTree(tree, (t: Tensor) => t.toArray());
  let now = mapTree(first, (t: Tensor) => t.slice(0).toArray()) as any;
  const near = (given: ArrayLike<number>, wanted: unknown) => {
    const want = numbersOf(wanted);
    expect(given.length).toBe(want.length);
    want.forEach((x, i) => expect(Math.abs(given[i] - x)).toBeLessThan(1e-12));
  };
  for (let t = 0; t < time; t++) {
    const next = step(arrays(params), now, xs.slice(t, 0).toArray());
    now = next.state;
    near(outputs.slice(t, 0).data, next.output);
  }
  near(
    flatten(state).flatMap((t) => [...t.data]),
    now,
  );
}

const numbersOf = (tree: any): number[] =>
  typeof tree === "number" ? [tree] : Object.values(tree).flatMap(numbersOf);

/** What a function that refuses says. */
export function refusal(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    return (e as Error).message;
  }
  return "nothing was refused";
}
