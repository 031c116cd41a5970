/** The delta rule: both cells against their equations, and the inverse within a chunk. */
import { jit, tensor } from "retrograd";
import { deltaNet, gatedDeltaNet } from "retrograd/cells";
import { expect, test } from "vitest";
import { unitLowerInverse } from "../../../src/cells/matrix/triangular.ts";
import { numbers } from "../../derivatives.ts";
import { describeCell } from "../describeCell.ts";
import {
  expectPlain,
  filled,
  gate,
  inner,
  plus,
  range,
  sigmoid,
  silu,
  times,
} from "../plainLoop.ts";

describeCell("deltaNet", deltaNet({ size: 6, heads: 2, chunk: 4 }));
describeCell("deltaNet in one chunk", deltaNet({ size: 3, heads: 1 }), { time: 5 });
describeCell("gatedDeltaNet", gatedDeltaNet({ size: 6, heads: 2, chunk: 2 }));

const unit = (x: number[]) => x.map((e) => e / Math.sqrt(inner(x, x) + 1e-6));

/** One moment of both, with α of each head. */
function written(state: any, x: number[], { W, Wb, b }: any, alpha: number[], size: number) {
  const heads = alpha.length;
  const d = size / heads;
  const [q, k, v] = range(3).map((at) => gate(x, W, at).map(silu));
  const beta = plus(times(x, Wb), b).map(sigmoid);
  state.S ??= range(heads).map(() => range(d).map(() => filled(d)));
  return range(heads).flatMap((head) => {
    const part = (t: number[]) => t.slice(head * d, (head + 1) * d);
    const [query, key, value] = [unit(part(q)), unit(part(k)), part(v)];
    const old: number[][] = state.S[head].map((row: number[]) => row.map((e) => alpha[head] * e));
    const column = (M: number[][], c: number) => M.map((row) => row[c]);
    state.S[head] = range(d).map((r) =>
      range(d).map(
        (c) => old[r][c] + beta[head] * key[r] * (value[c] - inner(key, column(old, c))),
      ),
    );
    return range(d).map((c) => inner(query, column(state.S[head], c)));
  });
}

test("deltaNet: the equations of the paper", () => {
  expectPlain(deltaNet({ size: 6, heads: 2 }), (state, x, params) =>
    written(state, x, params, [1, 1], 6),
  );
});

test("gatedDeltaNet: the equations of the paper", () => {
  expectPlain(gatedDeltaNet({ size: 6, heads: 3 }), (state, x, params) => {
    const rate = plus(times(x, params.Wa), params.a).map((e) => Math.log1p(Math.exp(e)));
    const alpha = rate.map((e, head) => Math.exp(-Math.exp(params.logRate[head]) * e));
    return written(state, x, params, alpha, 6);
  });
});

/** (1 + A)⁻¹ by forward substitution. */
function substituted(A: number[][]): number[][] {
  const T = A.map((_, i) => A.map((_, j) => +(i === j)));
  for (let i = 0; i < A.length; i++)
    for (let j = 0; j < i; j++) for (let r = 0; r < A.length; r++) T[i][r] -= A[i][j] * T[j][r];
  return T;
}

test.each([1, 2, 5, 8, 33])("the inverse of 1 + A of %i moments", (n) => {
  const draw = numbers(n);
  const below = (of: () => number) => range(n).map((i) => range(n).map((j) => (j < i ? of() : 9)));
  // Where all keys are alike and replace everything, powers of A reach 10⁸ and would cancel.
  const cases = [below(() => 2 * draw(1)[0]), below(() => 1)];
  const invert = jit(unitLowerInverse, { target: "wasm" });
  for (const [k, found] of invert(tensor(cases)).toArray().entries())
    substituted(cases[k]).forEach((row, i) =>
      row.forEach((e, j) => {
        expect(Math.abs((found as number[][])[i][j] - e)).toBeLessThan(1e-5 * 1.3 ** (n / 2));
      }),
    );
});

test("heads must divide the units", () => {
  expect(() => deltaNet({ size: 6, heads: 4 }).params([3])).toThrow(/deltaNet: heads.*divides 6/s);
  expect(() => gatedDeltaNet({ size: 6 }).params([3])).toThrow(/gatedDeltaNet: heads: given 4/);
});
