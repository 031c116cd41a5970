/** Reductions and products, against numbers worked out by hand, and at the edges of the range. */
import * as r from "retrograd";
import { type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { arrays, close, ints, m } from "./tensors.ts";

describe("reductions", () => {
  test("sums, means and extremes", () => {
    expect(arrays(m.sum(), m.sum(0), m.sum(-1, { keepDims: true }), m.mean(1))).toEqual([
      21,
      [5, 7, 9],
      [[6], [15]],
      [2, 5],
    ]);
    expect(arrays(m.max(), m.min(0), m.prod(1), m.prod())).toEqual([6, [1, 2, 3], [6, 120], 720]);
    expect(r.zeros([0, 2]).prod(0).toArray()).toEqual([1, 1]);
    expect(r.zeros([0, 2]).sum(0).toArray()).toEqual([0, 0]);
    expect(arrays(ints(3, -7, 2).min(), ints(3, -7, 2).max())).toEqual([-7, 3]);
  });
  test("spread and length", () => {
    const x = tensor([1, 2, 3, 4], { dtype: "float64" });
    expect(arrays(x.variance(), x.variance(0, { correction: 1 }), tensor([3, 4]).norm())).toEqual([
      1.25,
      5 / 3,
      5,
    ]);
    expect(x.standardDeviation().item()).toBe(Math.sqrt(1.25));
    expect(
      r
        .grad((v: Tensor) => v.norm())(r.zeros([2]))
        .toArray(),
    ).toEqual([0, 0]);
    expect(
      r
        .grad((v: Tensor) => v.standardDeviation())(r.ones([2]))
        .toArray(),
    ).toEqual([0, 0]);
  });
  test("ties share the gradient of an extreme", () => {
    const x = tensor([3, 1, 3]);
    expect(
      r
        .grad((v: Tensor) => v.max())(x)
        .toArray(),
    ).toEqual([0.5, 0, 0.5]);
    expect(
      r
        .grad((v: Tensor) => v.min())(x)
        .toArray(),
    ).toEqual([0, 1, 0]);
    expect(
      r
        .grad((v: Tensor) => r.maximum(v, 3).sum())(x)
        .toArray(),
    ).toEqual([0.5, 0, 0.5]);
  });
  test("where extremes are: the first of ties, and the first NaN", () => {
    const x = tensor([
      [1, 3, 3],
      [2, NaN, 0],
      [5, 4, 4],
    ]);
    expect(arrays(x.argmax(1), x.argmin(1), m.argmax(), m.argmin(0))).toEqual([
      [1, 1, 0],
      [0, 1, 1],
      5,
      [0, 0, 0],
    ]);
    expect(x.argmax(1).dtype).toBe("int32");
  });
  test("any and all", () => {
    const x = tensor([
      [true, false],
      [true, true],
    ]);
    expect(arrays(x.any(), x.all(), x.any(1), x.all(1))).toEqual([
      true,
      false,
      [true, true],
      [false, true],
    ]);
  });
  test("the sum of bools counts them", () => {
    const counts = tensor([
      [true, false],
      [true, true],
    ]).sum(1);
    expect(counts.dtype).toBe("int32");
    expect(counts.toArray()).toEqual([1, 2]);
  });
  test("softmax does not overflow, and an impossible class has probability 0", () => {
    const x = tensor([1000, 1000, -Infinity], { dtype: "float64" });
    expect(x.softmax().toArray()).toEqual([0.5, 0.5, 0]);
    close(x.slice([0, 2]).logSoftmax(), [-Math.LN2, -Math.LN2], 12);
    expect(x.logSumExp().item()).toBe(1000 + Math.LN2);
    expect(tensor([-Infinity, -Infinity]).logSumExp().item()).toBe(-Infinity);
    expect(tensor([Infinity, 1]).logSumExp().item()).toBe(Infinity);
    expect(m.logSumExp(1, { keepDims: true }).shape).toEqual([2, 1]);
  });
  test("running sums", () => {
    expect(arrays(m.cumsum(1), m.cumsum(), r.ones([7]).cumsum())).toEqual([
      [
        [1, 3, 6],
        [4, 9, 15],
      ],
      [
        [1, 2, 3],
        [5, 7, 9],
      ],
      [1, 2, 3, 4, 5, 6, 7],
    ]);
  });
});

test("products", () => {
  const [v, w] = [tensor([1, 2]), tensor([1, 0, -1])];
  expect(arrays(v.dot(m), m.dot(w), w.dot(w), v.outer(w), m.matmul(m.transpose()))).toEqual([
    [9, 12, 15],
    [-2, -2],
    2,
    [
      [1, 0, -1],
      [2, 0, -2],
    ],
    [
      [14, 32],
      [32, 77],
    ],
  ]);
  expect(r.einsum("ij,ik->jk", m, m).toArray()).toEqual(m.transpose().dot(m).toArray());
  const square = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(arrays(square.trace(), square.diagonal(), m.diagonal(), m.tril(), m.triu(1))).toEqual([
    5,
    [1, 4],
    [1, 5],
    [
      [1, 0, 0],
      [4, 5, 0],
    ],
    [
      [0, 2, 3],
      [0, 0, 6],
    ],
  ]);
});
