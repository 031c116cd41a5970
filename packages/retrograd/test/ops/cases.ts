/**
 * Every op and function once or more, on small tensors: the list that tests of values, derivatives,
 * batching and targets walk through. A new op is tested everywhere by one line here.
 */
import {
  all,
  allReduce,
  any,
  argmax,
  argmin,
  argsort,
  cholesky,
  clip,
  concatenate,
  einsum,
  elu,
  expm,
  eye,
  leakyRelu,
  map,
  max,
  maximum,
  mean,
  min,
  minimum,
  pad,
  qr,
  random,
  scalar,
  scatterAdd,
  slice,
  solve,
  stack,
  type Tensor,
  take,
  tensor,
  topK,
  variance,
  where,
} from "retrograd";
import type { DType } from "../../src/scalar/dtype.ts";
import type { Shape, Type } from "../../src/tensor/tensor.ts";

export interface Case {
  readonly name: string;
  readonly inputs: readonly Type[];
  readonly f: (...x: Tensor[]) => Tensor | readonly Tensor[];
}

const { slot, mul, add, index, select, lessEqual, tanh } = scalar;
const typed =
  (dtype: DType) =>
  (...shape: Shape): Type => ({ shape, dtype });
/** Numbers in (−0.5, 0.5); integers from 0 to 4. */
export const float64 = typed("float64");
export const int32 = typed("int32");
export const bool = typed("bool");

const one = (name: string, inputs: readonly Type[], f: Case["f"]): Case => ({ name, inputs, f });
const a23 = float64(2, 3);

const unary: Case[] = (
  [
    ...[
      "neg",
      "abs",
      "sign",
      "square",
      "exp",
      "expm1",
      "sin",
      "cos",
      "tanh",
      "logistic",
      "sigmoid",
    ],
    ...["erf", "relu", "leakyRelu", "elu", "softplus", "silu", "gelu", "floor", "ceil", "round"],
    ...["isFinite", "isNaN"],
  ] as const
).map((name) => one(name, [a23], (x) => (x as any)[name]()));
const positive: Case[] = (["sqrt", "log", "log1p"] as const).map((name) =>
  one(name, [a23], (x) => x.add(1)[name]()),
);
const binary: Case[] = (
  [
    ...["add", "sub", "mul", "minimum", "maximum", "less", "lessEqual", "greater", "greaterEqual"],
    ...["equal", "notEqual"],
  ] as const
).flatMap((name) => [
  one(name, [a23, a23], (x, y) => (x as any)[name](y)),
  one(`${name}, stretched`, [float64(2, 1), float64(4, 1, 3)], (x, y) => (x as any)[name](y)),
]);

export const elementwiseCases: readonly Case[] = [
  ...unary,
  ...positive,
  ...binary,
  one("add a number", [a23], (x) => x.add(2)),
  one("div", [a23, a23], (x, y) => x.div(y.add(2))),
  one("pow", [a23, a23], (x, y) => x.add(1).pow(y)),
  one("pow of a number", [a23], (x) => x.pow(3)),
  one("clip", [a23], (x) => clip(x, -0.2, 0.3)),
  one("clip by tensors", [a23, float64(3)], (x, y) => x.clip(y.sub(1), y)),
  one("leakyRelu with a slope", [a23], (x) => leakyRelu(x, 0.3)),
  one("elu with alpha", [a23], (x) => elu(x, 0.7)),
  one("where", [bool(2, 3), a23, float64(3)], (c, x, y) => where(c, x, y)),
  one("where of numbers", [bool(2, 3), a23], (c, x) => where(c, x, 1)),
  one("and, or, not", [bool(3), bool(2, 1)], (x, y) => [x.and(y), x.or(y), x.not()]),
  one("minimum, maximum at ties", [a23], (x) => [minimum(x, x), maximum(x, x)]),
  one("cast to int32 and back", [a23], (x) => x.mul(9).cast("int32").cast("float64")),
  one("cast to bool", [int32(4)], (x) => x.cast("bool")),
  one("integers", [int32(4), int32(2, 4)], (x, y) => [x.add(y), x.mul(y), x.neg(), x.sub(3)]),
];

export const reductionCases: readonly Case[] = [
  ...(["sum", "mean", "max", "min", "prod", "logSumExp", "variance", "norm"] as const).flatMap(
    (name) => [
      one(name, [a23], (x) => (x as any)[name]()),
      one(`${name} over 1`, [float64(2, 3, 2)], (x) => (x as any)[name](1)),
      one(`${name} over 0 and −1, kept`, [float64(2, 3, 2)], (x) =>
        (x as any)[name]([0, -1], { keepDims: true }),
      ),
    ],
  ),
  one("max and min at ties", [float64(3)], (x) => [max(stack([x, x])), min(stack([x, x]), 0)]),
  one("standardDeviation", [float64(4, 2)], (x) => x.standardDeviation(0, { correction: 1 })),
  one("variance with correction", [float64(4)], (x) => variance(x, 0, { correction: 1 })),
  one("mean of means", [a23], (x) => mean(x.mean(0, { keepDims: true }).mul(x), [0, 1])),
  one("prod of five", [float64(5, 2)], (x) => x.prod(0)),
  one("softmax", [a23], (x) => x.mul(3).softmax()),
  one("softmax over 0", [a23], (x) => x.softmax(0)),
  one("logSoftmax", [a23], (x) => x.mul(3).logSoftmax()),
  one("logSoftmax over both", [a23], (x) => x.logSoftmax([0, 1])),
  one("cumsum", [float64(5, 2)], (x) => x.cumsum()),
  one("cumsum over −1", [float64(2, 3)], (x) => x.cumsum(-1)),
  one("argmax", [a23], (x) => [argmax(x), argmax(x, 0), argmax(x, 1, { keepDims: true })]),
  one("argmin", [a23], (x) => [argmin(x), argmin(x, 0), argmin(x, -1)]),
  one("any, all", [bool(2, 3)], (x) => [any(x), all(x), any(x, 0), all(x, 1, { keepDims: true })]),
  one("integers", [int32(2, 3)], (x) => [x.sum(0), x.max(1), x.min(1), x.prod()]),
];

export const linearCases: readonly Case[] = [
  one("dot of vectors", [float64(3), float64(3)], (x, y) => x.dot(y)),
  one("dot", [a23, float64(3, 4)], (x, y) => x.dot(y)),
  one("dot of a vector and a tensor", [float64(2), float64(2, 4, 3)], (x, y) => x.dot(y)),
  one("matmul", [float64(2, 1, 2, 3), float64(4, 3, 2)], (x, y) => x.matmul(y)),
  one("matmul by a vector", [float64(2, 2, 3), float64(3)], (x, y) => x.matmul(y)),
  one("matmul of a vector", [float64(3), float64(2, 3, 2)], (x, y) => x.matmul(y)),
  one("outer", [float64(2), float64(3, 2)], (x, y) => x.outer(y)),
  one("einsum", [a23, float64(3, 2), float64(2)], (x, y, z) => einsum("ij,jk,k->ki", x, y, z)),
  one("transpose", [float64(2, 3, 4)], (x) => [x.transpose(), x.transpose([1, 0, 2])]),
  one("swapAxes, moveAxis", [float64(2, 3, 4)], (x) => [x.swapAxes(0, -1), x.moveAxis(0, 2)]),
  one("diagonal, trace", [float64(2, 3, 2)], (x) => [x.diagonal(), x.trace()]),
  one("tril, triu", [float64(3, 3)], (x) => [x.tril(), x.tril(-1), x.triu(1)]),
];

const one3 = eye(3, undefined, { dtype: "float64" });
/** A matrix whose first pivot is not its first row's. */
const mixed = (x: Tensor): Tensor => x.add(one3.roll(1).mul(2));
/** A positive definite one. */
const definite = (x: Tensor): Tensor => x.matmul(x.swapAxes(-1, -2)).add(one3);

export const factorCases: readonly Case[] = [
  one("solve", [float64(3, 3), float64(3, 2)], (a, b) => solve(mixed(a), b)),
  one("solve of a vector", [float64(3, 3), float64(3)], (a, b) => solve(mixed(a), b)),
  one("solve of many", [float64(2, 3, 3), float64(2, 3)], (a, b) => solve(mixed(a), b)),
  one("solve of triangles", [float64(3, 3), float64(3, 5)], (a, b) => [
    solve(a.add(one3), b, { triangle: "lower" }),
    solve(a.add(one3), b, { triangle: "upper" }),
  ]),
  one("solve of one equation", [float64(1, 1), float64(1, 6)], (a, b) => solve(a.add(2), b)),
  one("cholesky", [float64(3, 3)], (a) => cholesky(definite(a))),
  one("cholesky of what is not symmetric", [float64(3, 3)], (a) => cholesky(a.add(one3.mul(2)))),
  one("cholesky of many", [float64(2, 3, 3)], (a) => cholesky(definite(a))),
  one("qr", [float64(3, 3)], (a) => Object.values(qr(mixed(a)))),
  one("qr of tall ones", [float64(2, 5, 3)], (a) => Object.values(qr(a))),
  one("qr of a wide one", [float64(3, 5)], (a) => [qr(a).R, qr(a).Q]),
  one("expm", [float64(3, 3)], (a) => expm(a)),
  one("expm of large ones", [float64(2, 2, 2)], (a) => expm(a.mul(30))),
];

export const shapeCases: readonly Case[] = [
  one("reshape", [a23], (x) => [x.reshape([3, 2]), x.reshape([-1]), x.reshape([1, -1, 2])]),
  one("flatten", [float64(2, 3, 2)], (x) => [x.flatten(), x.flatten(1)]),
  one("expandDims, squeeze", [float64(2, 1, 3)], (x) => [x.squeeze(), x.squeeze(1).expandDims(-1)]),
  one("broadcastTo", [float64(2, 1, 3)], (x) => x.broadcastTo([2, 2, 2, 3])),
  one("slice", [float64(5, 4)], (x) => [
    x.slice([1, -1, 2], -1),
    slice(x, 2),
    x.slice(null, [1, 3]),
    x.slice([2, 2]),
  ]),
  one("at", [a23], (x) => x.at(-1)),
  one("flip", [a23], (x) => [x.flip(), x.flip(0)]),
  one("pad", [a23], (x) => [
    x.pad([1, 2]),
    pad(x, [
      [0, 1],
      [2, 0],
    ]),
    x.pad([1, 0], 7),
  ]),
  one("concatenate", [a23, float64(1, 3)], (x, y) => concatenate([x, y, x])),
  one("allReduce", [a23, float64(3)], (x, y) => allReduce([x.tanh(), y, x])),
  one("concatenate over 1", [a23, float64(2, 1)], (x, y) => concatenate([x, y], -1)),
  one("stack", [a23, a23], (x, y) => [stack([x, y]), stack([y, x], -1)]),
  one("split", [float64(2, 6)], (x) => [...x.split(3, 1), ...x.split([1, 0, 5], 1)]),
  one("tile", [a23], (x) => x.tile([2, 3])),
  one("shift", [float64(4, 2)], (x) => [x.shift(1), x.shift(-2), x.shift(1, 1), x.shift(9)]),
  one("roll", [float64(4, 2)], (x) => [x.roll(1), x.roll(-6), x.roll(1, 1)]),
];

export const indexCases: readonly Case[] = [
  one("take", [float64(5, 2), int32(3)], (x, i) => take(x, i)),
  one("take by a matrix over 1", [float64(2, 5, 3), int32(2, 2)], (x, i) =>
    take(x, i, { axis: 1 }),
  ),
  one("take, batched", [float64(2, 3, 5), int32(2, 3)], (x, i) => take(x, i, { batch: 2 })),
  one("take, batched, over 2", [float64(2, 3, 5), int32(2, 4)], (x, i) =>
    take(x, i, { batch: 1, axis: 2 }),
  ),
  one("scatterAdd", [float64(3, 2), int32(3)], (x, i) => scatterAdd(x, i, 5)),
  one("scatterAdd of take", [float64(5, 2), int32(2, 3)], (x, i) =>
    scatterAdd(take(x, i).square(), i, 5),
  ),
  one("oneHot", [int32(2, 2)], (i) => i.oneHot(5)),
  one("topK", [float64(2, 5)], (x) => [topK(x, 2).values, topK(x, 2).indices]),
  one("topK over 0", [float64(5, 2)], (x) => topK(x, 3, 0).values),
  one("sort", [float64(5, 2)], (x) => [x.sort(0), x.sort(1, { descending: true })]),
  one("argsort", [int32(6)], (x) => [x.argsort(), argsort(x, 0, { descending: true })]),
];

export const randomCases: readonly Case[] = [
  one("random", [int32(2)], (key) => [
    random.bits(key, [2, 3]),
    random.uniform(key, [2, 3], { min: -1, max: 2, dtype: "float64" }),
    random.normal(key, [3], { dtype: "float64" }),
    random.integers(key, -3, 9, [2, 2]),
    random.bernoulli(key, 0.5, [4]),
    ...random.split(key),
    random.fold(key, 7),
    random.permutation(key, 4),
  ]),
  one("categorical", [int32(2), a23], (key, logits) => random.categorical(key, logits)),
];

export const mapCases: readonly Case[] = [
  one("map with an index", [float64(3, 4)], (x) =>
    map("ij->ij", select(lessEqual(index("j"), index("i")), tanh(slot(0)), 0), [x]),
  ),
  one("map with a maximum of products", [a23, float64(3, 2)], (x, y) =>
    map("ij,jk->ik", mul(slot(0), slot(1)), [x, y], { reduce: "max" }),
  ),
  one("map over nothing", [], () => map("->a", add(index("a"), 0), [], { sizes: { a: 3 } })),
  one("map with a constant operand", [a23], (x) =>
    map("ij,j->i", mul(slot(0), slot(1)), [x, tensor([1, 2, 3], { dtype: "float64" })]),
  ),
];

export const cases: readonly Case[] = [
  ...mapCases,
  ...elementwiseCases,
  ...reductionCases,
  ...linearCases,
  ...factorCases,
  ...shapeCases,
  ...indexCases,
  ...randomCases,
];
