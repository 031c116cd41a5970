/** What functions compute, against numbers worked out by hand, and at the edges of the range. */
import * as r from "retrograd";
import { jit, random, type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";

const m = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const ints = (...x: number[]) => tensor(x, { dtype: "int32" });
const arrays = (...ts: Tensor[]) => ts.map((t) => t.toArray());
const close = (t: Tensor, want: number[], digits = 6) => {
  expect(t.size).toBe(want.length);
  want.forEach((w, i) => {
    expect(t.data[i]).toBeCloseTo(w, digits);
  });
};

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

test("axes", () => {
  expect(arrays(m.reshape([3, -1]), m.transpose(), m.flatten(), m.tile([1, 2]).at(0))).toEqual([
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 1, 2, 3],
  ]);
  const x = r.zeros([2, 1, 3]);
  expect([x.squeeze().shape, x.expandDims(-1).shape, x.swapAxes(0, 2).shape]).toEqual([
    [2, 3],
    [2, 1, 3, 1],
    [3, 1, 2],
  ]);
  expect([x.moveAxis(0, -1).shape, x.broadcastTo([4, 2, 5, 3]).shape, x.flatten(1).shape]).toEqual([
    [1, 3, 2],
    [4, 2, 5, 3],
    [2, 3],
  ]);
  expect(r.broadcastTo(tensor([1, 2]), [2, 2]).toArray()).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("cutting and joining", () => {
  expect(arrays(m.at(1), m.slice(null, -1), m.slice([1, null], [0, 3, 2]), m.flip(1))).toEqual([
    [4, 5, 6],
    [3, 6],
    [[4, 6]],
    [
      [3, 2, 1],
      [6, 5, 4],
    ],
  ]);
  expect(arrays(...m.split(3, 1))).toEqual([
    [[1], [4]],
    [[2], [5]],
    [[3], [6]],
  ]);
  expect(
    arrays(r.concatenate([m, m.slice([0, 1])]), r.stack([tensor([1]), tensor([2])], 1)),
  ).toEqual([
    [
      [1, 2, 3],
      [4, 5, 6],
      [1, 2, 3],
    ],
    [[1, 2]],
  ]);
  expect(
    arrays(
      m.pad([
        [0, 0],
        [1, 0],
      ]),
      tensor([1]).pad([1, 1], -1),
    ),
  ).toEqual([
    [
      [0, 1, 2, 3],
      [0, 4, 5, 6],
    ],
    [-1, 1, -1],
  ]);
  const v = tensor([1, 2, 3]);
  expect(arrays(v.shift(1), v.shift(-2), v.roll(1), v.roll(-4), v.shift(5))).toEqual([
    [0, 1, 2],
    [3, 0, 0],
    [3, 1, 2],
    [2, 3, 1],
    [0, 0, 0],
  ]);
});

test("rows by index", () => {
  const ids = ints(1, 0, 1);
  expect(
    arrays(m.take(ids), m.take(ints(2, 0), { axis: 1 }), m.take(ints(2, 0), { batch: 1 })),
  ).toEqual([
    [
      [4, 5, 6],
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      [3, 1],
      [6, 4],
    ],
    [3, 4],
  ]);
  expect(arrays(r.scatterAdd(tensor([1, 2, 3]), ids, 3), ids.oneHot(2))).toEqual([
    [2, 4, 0],
    [
      [0, 1],
      [1, 0],
      [0, 1],
    ],
  ]);
  const table = (x: Tensor) => m.take(x);
  const outside = jit(table, { target: "reference" })(ints(-5, 9));
  expect(outside.toArray()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test("order: ties by the lower index, NaN last", () => {
  const x = tensor([2, NaN, 3, 2, -0, 0]);
  const { values, indices } = x.topK(4);
  expect(arrays(values, indices)).toEqual([
    [3, 2, 2, -0],
    [2, 0, 3, 4],
  ]);
  expect(arrays(x.sort(), x.argsort(), x.argsort(0, { descending: true }))).toEqual([
    [-0, 0, 2, 2, 3, NaN],
    [4, 5, 0, 3, 2, 1],
    [2, 0, 3, 4, 5, 1],
  ]);
  expect(
    ints(3, -(2 ** 31), 7)
      .sort()
      .toArray(),
  ).toEqual([-(2 ** 31), 3, 7]);
});

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
