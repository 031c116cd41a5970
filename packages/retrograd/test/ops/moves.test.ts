/** What moves, picks and orders elements, against results worked out by hand. */
import * as r from "retrograd";
import { jit, type Tensor, tensor } from "retrograd";
import { expect, test } from "vitest";
import { arrays, ints, m } from "./tensors.ts";

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
