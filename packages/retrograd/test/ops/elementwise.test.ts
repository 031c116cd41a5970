/** Elementwise functions, against numbers worked out by hand, and at the edges of the range. */
import * as r from "retrograd";
import { type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { arrays, close, ints, m } from "./tensors.ts";

describe("elementwise", () => {
  test("arithmetic broadcasts in all ways", () => {
    expect(arrays(m.add(1), m.sub(tensor([1, 2, 3])), m.mul(tensor([[2], [3]])))).toEqual([
      [
        [2, 3, 4],
        [5, 6, 7],
      ],
      [
        [0, 0, 0],
        [3, 3, 3],
      ],
      [
        [2, 4, 6],
        [12, 15, 18],
      ],
    ]);
    expect(r.div(1, tensor([2, 4])).toArray()).toEqual([0.5, 0.25]);
    expect(r.add(1, 2).toArray()).toBe(3);
    expect(m.add(tensor(1)).shape).toEqual([2, 3]);
    expect(r.zeros([0, 3]).add(m.at(0)).shape).toEqual([0, 3]);
  });
  test("functions of one number", () => {
    const x = tensor([-1, 0, 2], { dtype: "float64" });
    close(x.exp(), [Math.exp(-1), 1, Math.exp(2)], 12);
    close(x.logistic(), [1 / (1 + Math.E), 0.5, 1 / (1 + Math.exp(-2))], 12);
    close(x.softplus(), [Math.log1p(Math.exp(-1)), Math.LN2, Math.log1p(Math.exp(2))], 12);
    close(x.gelu(), [-0.15865525393145707, 0, 1.9544997361036416], 9);
    close(x.silu(), [-1 / (1 + Math.E), 0, 2 / (1 + Math.exp(-2))], 12);
    expect(arrays(x.relu(), x.leakyRelu(), x.sign(), x.abs(), x.square())).toEqual([
      [0, 0, 2],
      [-0.01, 0, 2],
      [-1, 0, 1],
      [1, 0, 2],
      [1, 0, 4],
    ]);
    close(x.elu(), [Math.expm1(-1), 0, 2], 12);
    const halves = tensor([-1.5, -0.5, 0.5, 1.5, 2.5]);
    expect(arrays(halves.round(), halves.floor(), halves.ceil())).toEqual([
      [-2, -0, 0, 2, 2],
      [-2, -1, 0, 1, 2],
      [-1, -0, 1, 2, 3],
    ]);
  });
  test("comparisons, choices and NaN", () => {
    const x = tensor([1, NaN, -Infinity]);
    expect(arrays(x.less(2), x.equal(x), x.notEqual(x), x.isFinite(), x.isNaN())).toEqual([
      [true, false, true],
      [true, false, true],
      [false, true, false],
      [true, false, false],
      [false, true, false],
    ]);
    expect(x.isFinite().where(x, 0).toArray()).toEqual([1, 0, 0]);
    expect(r.where(true, x, 5).data[0]).toBe(1);
    expect(arrays(x.clip(0, 9), x.relu(), x.maximum(0))).toEqual([
      [1, NaN, 0],
      [1, NaN, 0],
      [1, NaN, 0],
    ]);
  });
  test("a choice within one map keeps what it rejects out of the gradient", () => {
    const { select, greater, log, slot } = r.scalar;
    const body = select(greater(slot(0), 0), log(slot(0)), 0);
    const f = (x: Tensor) => r.map("a->", body, [x]);
    expect(
      r
        .grad(f)(tensor([2, 0, -1]))
        .toArray(),
    ).toEqual([0.5, 0, 0]);
  });
  test("conversions", () => {
    const x = tensor([-1.7, 1.7, NaN, 3e9]);
    expect(x.cast("int32").toArray()).toEqual([-1, 1, 0, 2 ** 31 - 1]);
    expect(x.cast("bool").toArray()).toEqual([true, true, true, true]);
    expect(tensor([true, false]).cast("float32").toArray()).toEqual([1, 0]);
    expect(tensor([0.1], { dtype: "float64" }).cast("float32").data[0]).toBe(Math.fround(0.1));
    expect(x.cast("float32")).toBe(x);
  });
  test("gradients pass through conversions between floats, in the dtype of what they belong to", () => {
    const f = (x: Tensor, y: Tensor) => x.square().cast("float32").mul(y).cast("float64").sum();
    const [x, y] = [tensor([1.5], { dtype: "float64" }), tensor([2])];
    const [dx, dy] = r.grad(f, [0, 1])(x, y);
    expect([dx.dtype, dx.item(), dy.dtype, dy.item()]).toEqual(["float64", 6, "float32", 2.25]);
    const [, tangent] = r.jvp(f, [x, y], [tensor([1], { dtype: "float64" }), tensor([1])]);
    expect([tangent.dtype, tangent.item()]).toEqual(["float64", 8.25]);
    expect(
      r
        .grad((z: Tensor) => z.cast("int32").cast("float32").sum())(y)
        .item(),
    ).toBe(0);
  });
  test("a conversion in the middle of a body gives its derivative the new dtype", () => {
    const { add, mul, slot, toFloat32 } = r.scalar;
    const body = mul(toFloat32(mul(slot(0), slot(0))), add(slot(1), 1));
    const f = (x: Tensor, y: Tensor) => r.map("a,a->", body, [x, y]);
    const [x, y] = [tensor([1.5], { dtype: "float64" }), tensor([2])];
    const [dx, dy] = r.grad(f, [0, 1])(x, y);
    expect([dx.dtype, dx.item(), dy.dtype, dy.item()]).toEqual(["float64", 9, "float32", 2.25]);
    const twice = r.grad((v: Tensor) => r.grad(f)(v, y).sum())(x);
    expect([twice.dtype, twice.item()]).toEqual(["float64", 6]);
  });
  test("integers wrap, and keep every bit of a product", () => {
    const big = ints(2 ** 31 - 1, 123456789);
    expect(big.add(1).data[0]).toBe(-(2 ** 31));
    expect(big.mul(987654321).data[1]).toBe(Math.imul(123456789, 987654321));
    expect(big.neg().data[0]).toBe(-(2 ** 31) + 1);
  });
});
