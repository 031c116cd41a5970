/** Every message of this floor, as a user reads it. */
import * as r from "retrograd";
import { random, type Tensor, tensor } from "retrograd";
import { expect, test } from "vitest";
import { placeholder, type Shape } from "../../src/tensor/tensor.ts";

const named = (name: string, shape: Shape, dtype: r.DType = "float32"): Tensor =>
  placeholder({ shape, dtype }, name);
const x = named("x", [2, 3]);
const ids = named("ids", [4], "int32");
const mask = named("mask", [2, 3], "bool");

/** What each call says when it is refused. */
function refusals(calls: Record<string, () => unknown>): string {
  const lines = Object.values(calls).map((call) => {
    try {
      call();
    } catch (error) {
      return (error as Error).message;
    }
    return `not refused: ${call}`;
  });
  return `\n${lines.join("\n")}\n`;
}

test("operands", () => {
  expect(
    refusals({
      shapes: () => x.add(named("y", [2, 4])),
      threeShapes: () => r.where(mask, named("a", [5, 1, 3]), named("b", [4, 2, 3])),
      dtypes: () => x.mul(named("n", [3], "float64")),
      derived: () => x.tanh().add(tensor([1, 2])),
      fraction: () => ids.add(0.5),
      integersIntoExp: () => ids.exp(),
      boolsAdded: () => mask.add(1),
      condition: () => r.where(x, x, 0),
      notATensor: () => x.add([1, 2, 3] as never),
      cast: () => x.cast("float16" as never),
      dot: () => x.dot(named("W", [4, 5])),
      dotOfNumber: () => x.dot(tensor(1)),
      matmulBatch: () => named("A", [2, 3, 3]).matmul(named("B", [4, 3, 3])),
      einsum: () => r.einsum("ij,jk", x, x),
      trace: () => ids.trace(),
    }),
  ).toMatchInlineSnapshot(`
    "
    add: x [2, 3] does not broadcast with y [2, 4]: 3 meets 4 at axis −1.
      Shapes align at the last axis; make the two sizes equal, or one of them 1.   (broadcast-mismatch)
    where: a [5, 1, 3] does not broadcast with b [4, 2, 3]: 5 meets 4 at axis −3.
      Shapes align at the last axis; make the two sizes equal, or one of them 1.   (broadcast-mismatch)
    mul: given x float32 [2, 3] with n float64 [3]; expected one dtype.
      Convert one of them first: x.cast("float64"). Nothing is converted silently.   (dtype-mismatch)
    add: tanh [2, 3] does not broadcast with constant [2]: 3 meets 2 at axis −1.
      Shapes align at the last axis; make the two sizes equal, or one of them 1.   (broadcast-mismatch)
    add: given ids int32 [4] with the number 0.5; expected a whole number.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)
    exp: given int32; expected a float32 or float64.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)
    add: given bool; expected a number.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)
    where: given float32; expected a bool condition.
      Convert it first: x.cast("bool"). Nothing is converted silently.   (dtype-mismatch)
    add: given an array; expected a tensor or a number.
      Give a tensor or a number.   (bad-argument)
    cast: "float16" is not known.
      Use one of: float32, float64, int32, bool.   (unknown-option)
    dot: axis "i" is 3 in x [2, 3] but 4 in W [4, 5].
      Make both axes 3, or both 4.   (axis-mismatch)
    dot: given constant []; expected a tensor of at least one axis.
      Reshape the tensor, or index the missing axes.   (rank-mismatch)
    matmul: A [2, 3, 3] does not broadcast with B [4, 3, 3]: 2 meets 4 at axis −1.
      Shapes align at the last axis; make the two sizes equal, or one of them 1.   (broadcast-mismatch)
    einsum: "ij,jk" is not of the form operands->out.
      Write one letter per axis, operands apart by commas, as in "ij,jk->ik".   (bad-spec)
    diagonal: given ids int32 [4]; expected a matrix.
      Reshape the tensor, or index the missing axes.   (rank-mismatch)
    "
  `);
});

test("axes and shapes", () => {
  expect(
    refusals({
      sum: () => x.sum(2),
      mean: () => ids.mean(),
      maxOfNothing: () => named("empty", [0, 3]).max(0),
      any: () => x.any(),
      reshape: () => x.reshape([4, 2]),
      reshapeFree: () => x.reshape([4, -1]),
      reshapeTwice: () => x.reshape([-1, -1]),
      squeeze: () => x.squeeze(1),
      transpose: () => x.transpose([0, 0]),
      broadcastTo: () => x.broadcastTo([4, 3]),
      tile: () => x.tile([2]),
      concatenate: () => r.concatenate([x, named("y", [2, 4])]),
      concatenateDtypes: () => r.concatenate([ids, named("y", [4])]),
      concatenateNothing: () => r.concatenate([]),
      stack: () => r.stack([x, named("y", [3])]),
      split: () => x.split(2, 1),
      splitSizes: () => x.split([1, 1], 1),
      pad: () => x.pad([[1, 1]]),
      zeros: () => r.zeros([2.5]),
      arange: () => r.arange(0, 5, 0),
    }),
  ).toMatchInlineSnapshot(`
    "
    sum: axis 2 does not exist in x [2, 3].
      Count axes from 0, or from −1 for the last one.   (axis-range)
    mean: given ids int32 [4]; expected float32 or float64.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)
    max: given empty [0, 3]; expected at least one element.
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)
    any: given x float32 [2, 3]; expected bool.
      Convert it first: x.cast("bool"). Nothing is converted silently.   (dtype-mismatch)
    reshape: given x [2, 3] with 6 elements; expected 8 for the shape [4, 2].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)
    reshape: given x [2, 3] with 6 elements; expected a multiple of 4 for the shape [4, -1].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)
    reshape: given [-1, -1]; expected a list of whole sizes, at most one of them −1.
      Give a list of whole sizes, at most one of them −1.   (bad-argument)
    squeeze: given x [2, 3] with axis 1 of size 3; expected an axis of size 1.
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)
    transpose: given the axes [0,0] for x [2, 3]; expected every axis once.
      Give every axis once.   (bad-argument)
    broadcastTo: x [2, 3] does not broadcast with the shape [4, 3]: 2 meets 4 at axis −2.
      Shapes align at the last axis; make the two sizes equal, or one of them 1.   (broadcast-mismatch)
    tile: given [2] for x [2, 3]; expected one whole number per axis.
      Give one whole number per axis.   (bad-argument)
    concatenate: given x [2, 3] with y [2, 4]; expected an equal shape but for axis 0.
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)
    concatenate: given ids int32 [4] with y float32 [4]; expected one dtype.
      Convert one of them first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)
    concatenate: given an empty list; expected at least one tensor.
      Give at least one tensor.   (bad-argument)
    stack: given x [2, 3] with y [3]; expected an equal shape.
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)
    split: given 2 parts for x [2, 3]; expected a list of sizes that add up to the 3 of axis 1, or a number that divides it.
      Give a list of sizes that add up to the 3 of axis 1, or a number that divides it.   (bad-argument)
    split: given [1,1] for x [2, 3]; expected a list of sizes that add up to the 3 of axis 1, or a number that divides it.
      Give a list of sizes that add up to the 3 of axis 1, or a number that divides it.   (bad-argument)
    pad: given [[1,1]] for x [2, 3]; expected one pair [before, behind] per axis.
      Give one pair [before, behind] per axis.   (bad-argument)
    zeros: given [2.5]; expected a shape: a list of whole numbers ≥ 0.
      Give a shape: a list of whole numbers ≥ 0.   (bad-argument)
    arange: given 0, 5, 0; expected a finite range with a step other than 0.
      Give a finite range with a step other than 0.   (bad-argument)
    "
  `);
});

test("what a tensor is made of", () => {
  expect(
    refusals({
      word: () => tensor(["1"] as never),
      nothing: () => tensor(undefined as never),
      hole: () => tensor([1, undefined] as never),
      ofTensors: () => tensor([x] as never),
      option: () => tensor([1], { type: "int32" } as never),
      zeros: () => r.zeros([2], { type: "int32" } as never),
    }),
  ).toMatchInlineSnapshot(`
    "
    tensor: given "1"; expected numbers, booleans, nested arrays of them, or a typed array.
      Give numbers, booleans, nested arrays of them, or a typed array.   (bad-argument)
    tensor: given undefined; expected numbers, booleans, nested arrays of them, or a typed array.
      Give numbers, booleans, nested arrays of them, or a typed array.   (bad-argument)
    tensor: given undefined; expected numbers, booleans, nested arrays of them, or a typed array.
      Give numbers, booleans, nested arrays of them, or a typed array.   (bad-argument)
    tensor: given x [2, 3]; expected numbers, booleans, nested arrays of them, or a typed array.
      Give numbers, booleans, nested arrays of them, or a typed array.   (bad-argument)
    tensor: "type" is not known.
      Use one of: dtype, shape, name.   (unknown-option)
    zeros: "type" is not known.
      Use one of: dtype, name.   (unknown-option)
    "
  `);
});

test("indices", () => {
  expect(
    refusals({
      at: () => x.at(2),
      slice: () => x.slice(null, [0, 4]),
      sliceFraction: () => x.slice(0.5),
      sliceAxes: () => x.slice(0, 0, 0),
      sliceStep: () => x.slice([0, 2, -1]),
      takeFloat: () => x.take(tensor([0, 1])),
      takeOutside: () => x.take(tensor([0, 5], { dtype: "int32" })),
      takeBatch: () => x.take(ids, { batch: 1 }),
      scatterAdd: () => x.scatterAdd(tensor([0, -1], { dtype: "int32" }), 3),
      oneHot: () => tensor([3], { dtype: "int32" }).oneHot(3),
      topK: () => x.topK(4),
    }),
  ).toMatchInlineSnapshot(`
    "
    slice: 2 on axis 0 of x [2, 3] is out of range; expected −2…1.
      Keep the index within −2…1.   (index-range)
    slice: 4 on axis 1 of x [2, 3] is out of range; expected −3…3.
      Keep the index within −3…3.   (index-range)
    slice: 0.5 on axis 0 of x [2, 3] is out of range; expected −2…1.
      Keep the index within −2…1.   (index-range)
    slice: given x [2, 3]; expected a tensor of at least 3 axes.
      Reshape the tensor, or index the missing axes.   (rank-mismatch)
    slice: given the step -1; expected a whole step of at least 1 (flip reads backwards).
      Give a whole step of at least 1 (flip reads backwards).   (bad-argument)
    take: given constant float32 [2]; expected an int32 tensor of indices.
      Convert it first: x.cast("int32"). Nothing is converted silently.   (dtype-mismatch)
    take: index 5 (element 1 of constant int32 [2]) is out of range; expected 0…1.
      Keep the index within 0…1.   (index-range)
    take: axis "0" is 2 in x [2, 3] but 4 in ids int32 [4].
      Make both axes 2, or both 4.   (axis-mismatch)
    scatterAdd: index -1 (element 1 of constant int32 [2]) is out of range; expected 0…2.
      Keep the index within 0…2.   (index-range)
    oneHot: index 3 (element 0 of constant int32 [1]) is out of range; expected 0…2.
      Keep the index within 0…2.   (index-range)
    topK: given k = 4 for x [2, 3]; expected k within 0…3.
      Give k within 0…3.   (bad-argument)
    "
  `);
});

test("random numbers", () => {
  const key = random.key(0);
  expect(
    refusals({
      seed: () => random.key(0.5),
      key: () => random.uniform(x, [2]),
      seedAsKey: () => random.normal(7 as never, [2]),
      shape: () => random.normal(key, 3 as never),
      dtype: () => random.normal(key, [3], { dtype: "int32" }),
      integers: () => random.integers(key, 3, 3, [2]),
      fold: () => random.fold(key, x),
    }),
  ).toMatchInlineSnapshot(`
    "
    random.key: given 0.5; expected a whole number as the seed.
      Give a whole number as the seed.   (bad-argument)
    random.uniform: given x [2, 3]; expected a key: random.key(seed), or a part of one by random.split.
      Give a key: random.key(seed), or a part of one by random.split.   (bad-argument)
    random.normal: given 7; expected a key: random.key(seed), or a part of one by random.split.
      Give a key: random.key(seed), or a part of one by random.split.   (bad-argument)
    random.normal: given 3; expected a shape: a list of whole numbers ≥ 0.
      Give a shape: a list of whole numbers ≥ 0.   (bad-argument)
    random.normal: given int32; expected float32 or float64.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)
    random.integers: given low 3 and high 3; expected a range of whole 32-bit numbers with low < high.
      Give a range of whole 32-bit numbers with low < high.   (bad-argument)
    random.fold: given x [2, 3]; expected a whole number of 32 bits, or an int32 scalar.
      Give a whole number of 32 bits, or an int32 scalar.   (bad-argument)
    "
  `);
});
