/**
 * A cell against the equations of its paper, as a loop over plain numbers in float64: the same
 * parameters, first state and inputs, outputs and last state compared.
 */
import { tensor } from "retrograd";
import { type Cell, drawTree, startOf, throughTime } from "retrograd/cells";
import { expect, test } from "vitest";
import { key } from "../../../src/ops/random.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { flatten, mapTree } from "../../../src/tensor/tree.ts";
import { numbers } from "../../derivatives.ts";

export type Vector = number[];
export type Matrix = number[][];

/** One moment: plain arrays in place of tensors; the state is changed in place. */
export type Equations = (state: any, x: Vector, params: any) => Vector;

const [TIME, BATCH] = [7, 2];
const dtype = "float64";

/** Register the comparison; params move off the numbers that they begin with. */
export function expectEquations(name: string, cell: Cell, input: number, equations: Equations) {
  test(name, () => {
    const draw = numbers(17);
    const params = mapTree(drawTree<any>(cell.params([input]), key(5), dtype), (t: Tensor) =>
      t.add(tensor(draw(t.size), { shape: t.shape, dtype }).mul(0.4)),
    );
    const xs = tensor(draw(TIME * BATCH * input), { shape: [TIME, BATCH, input], dtype }).mul(4);
    const first = mapTree(startOf(cell, params, [input], BATCH, dtype), (t: Tensor) =>
      t.add(tensor(draw(t.size), { shape: t.shape, dtype })),
    );
    const ran = throughTime(cell, params, xs, first);
    const plain = mapTree(params, (t: Tensor) => t.toArray());
    for (let b = 0; b < BATCH; b++) {
      const state = mapTree(first, (t: Tensor) => structuredClone(t.slice(b).toArray()));
      for (let t = 0; t < TIME; t++) {
        const y = equations(state, xs.slice(t, b).toArray() as Vector, plain);
        near([...ran.outputs.slice(t, b).data], y);
      }
      const last = flatten(ran.state).flatMap((t) => [...t.slice(b).data]);
      near(last, numbersOf(state));
    }
  });
}

const numbersOf = (tree: any): Vector =>
  typeof tree === "number" ? [tree] : Object.values(tree).flatMap(numbersOf);

function near(given: Vector, expected: Vector): void {
  expect(given.length).toBe(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  given.forEach((x, i) => expect(Math.abs(x - expected[i]) / size).toBeLessThan(1e-12));
}

// The few formulas that the papers share, on plain numbers.
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const softplus = (x: number): number => Math.log(1 + Math.exp(x));
export const silu = (x: number): number => x * sigmoid(x);
/** Row vector times matrix. */
export const times = (x: Vector, W: Matrix): Vector =>
  W[0].map((_, j) => x.reduce((sum, v, i) => sum + v * W[i][j], 0));
/** Matrix k of [in, gates, out]. */
export const gate = (W: number[][][], k: number): Matrix => W.map((row) => row[k]);
