/** Tensors from nothing, what passes no gradient, and methods. */
import * as r from "retrograd";
import { jit, random, type Tensor, tensor } from "retrograd";
import { expect, test } from "vitest";
import { arrays, ints, m } from "./tensors.ts";

test("tensors from nothing", () => {
  expect(arrays(r.zeros([2]), r.ones([1, 2]), r.full([2], 7, { dtype: "int32" }))).toEqual([
    [0, 0],
    [[1, 1]],
    [7, 7],
  ]);
  expect(arrays(r.arange(3), r.arange(1, 2, 0.5), r.arange(3, 0, -2), r.linspace(0, 1, 3))).toEqual(
    [
      [0, 1, 2],
      [1, 1.5],
      [3, 1],
      [0, 0.5, 1],
    ],
  );
  expect(arrays(r.eye(2), r.zerosLike(m), r.onesLike(ints(5, 6)))).toEqual([
    [
      [1, 0],
      [0, 1],
    ],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    [1, 1],
  ]);
  expect(r.linspace(0.1, 0.7, 4).data[3]).toBe(Math.fround(0.7));
  expect(jit((x: Tensor) => r.onesLike(x), { target: "reference" })(m).toArray()).toEqual([
    [1, 1, 1],
    [1, 1, 1],
  ]);
});

test("stopGradient is the identity, and no gradient passes", () => {
  const f = (x: Tensor) => r.stopGradient({ h: x }).h.mul(x).sum();
  expect(
    r
      .grad(f)(tensor([2, 3]))
      .toArray(),
  ).toEqual([2, 3]);
  expect(
    r
      .grad((x: Tensor) => x.stopGradient().sum())(tensor([2]))
      .toArray(),
  ).toEqual([0]);
});

test("methods are the functions", () => {
  expect(m.tanh().toArray()).toEqual(r.tanh(m).toArray());
  expect(random.normal(random.key(1), [2]).shape).toEqual([2]);
});
