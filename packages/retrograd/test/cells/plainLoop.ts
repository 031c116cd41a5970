/**
 * A cell held against its paper: the same equations as a loop over plain numbers that shares nothing
 * with the implementation, from a zero state, with every parameter moved away from where it begins.
 */
import { type Tensor, tensor } from "retrograd";
import { type Cell, drawTree, startOf, throughTime } from "retrograd/cells";
import { expect } from "vitest";
import { key } from "../../src/ops/random.ts";
import { mapTree } from "../../src/tensor/tree.ts";
import { numbers, valuesOf } from "../derivatives.ts";

/** One moment: changes `state`, which begins as {}, and returns the output. */
export type PlainStep = (state: any, x: number[], params: any) => number[];

export interface Plain {
  readonly input?: number;
  readonly time?: number;
  readonly accept?: (x: number[][]) => number[][];
}

/** Expect the outputs of both to agree in float64. */
export function expectPlain(cell: Cell, step: PlainStep, options: Plain = {}): void {
  const { input = 3, time = 7, accept = (x) => x } = options;
  const dtype = "float64";
  const params = mapTree(drawTree<any>(cell.params([input]), key(5), dtype), (t: Tensor) =>
    t.add(tensor(valuesOf(t, numbers(6)), { shape: t.shape, dtype }).mul(0.5)),
  );
  const draw = numbers(7);
  const series = accept(Array.from({ length: time }, () => [...draw(input)].map((x) => 3 * x)));
  const xs = tensor(series, { dtype }).reshape([time, 1, input]);
  const { outputs } = throughTime(cell, params, xs, startOf(cell, params, [input], 1, dtype), {
    evaluation: "sequential",
  });
  const plain = mapTree(params, (t: Tensor) => t.toArray());
  const state = {};
  const expected = series.flatMap((x) => step(state, x, plain));
  expect(expected.every(Number.isFinite)).toBe(true);
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
  expect(outputs.size).toBe(expected.length);
  expected.forEach((y, i) => expect(outputs.data[i], `output ${i}`).toBeCloseTo(y, 11));
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const silu = (x: number): number => x * sigmoid(x);
export const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const filled = (n: number, value = 0): number[] => range(n).map(() => value);

/** x W for W [in, out]. */
export const times = (x: readonly number[], W: readonly number[][]): number[] =>
  W[0].map((_, j) =>
    inner(
      x,
      W.map((row) => row[j]),
    ),
  );
/** x W for one gate of W [in, gates, out]. */
export const gate = (x: readonly number[], W: readonly number[][][], at: number): number[] =>
  times(
    x,
    W.map((row) => row[at]),
  );
export const plus = (...all: readonly number[][]): number[] =>
  all[0].map((_, i) => all.reduce((sum, x) => sum + x[i], 0));
