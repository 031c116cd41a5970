/**
 * Random numbers without a hidden state: bits are a function of a key and of the place of an
 * element, so a draw is reproducible in any order, on any target, inside loops, under transforms.
 * Make a key from a seed, split it for each use, and never draw twice from one key.
 *
 *   const [forWeights, forNoise] = random.split(random.key(0));
 *   const noise = random.normal(forNoise, [32, 8]);
 */
import { fail, shown } from "../errors.ts";
import * as scalar from "../scalar/index.ts";
import { type DType, type Expr, index, isFloat, slot } from "../scalar/index.ts";
import { concrete, type Shape, sizeOf, Tensor } from "../tensor/tensor.ts";
import { checkShape, lettersOfRank, namedSizes } from "./axes.ts";
import type { Operand } from "./broadcast.ts";
import { add, less } from "./elementwise.ts";
import { map } from "./map.ts";
import { argmax } from "./reductions.ts";
import { reshapeTo } from "./reshape.ts";
import { at, part } from "./slicing.ts";
import { threefry } from "./threefry.ts";
import { threefryExpr } from "./threefryExpr.ts";
import { argsort } from "./topK.ts";

/** Second words of the counter, so that draws, splits and folds of one key never meet. */
const DRAW = 0;
const SPLIT = 1;
const FOLD = 2;

function checkKey(op: string, key: unknown): void {
  const isTensor = key instanceof Tensor;
  if (!isTensor || key.rank !== 1 || key.shape[0] !== 2 || key.dtype !== "int32")
    fail("bad-argument", {
      where: `random.${op}`,
      given: isTensor ? key.describe() : shown(key),
      expected: "a key: random.key(seed), or a part of one by random.split",
    });
}

/** Row-major place of an element, from the indices of its letters. */
const placeOf = (shape: Shape): Expr =>
  [...lettersOfRank(shape.length)].reduce<Expr>(
    (place, l, d) => (d === 0 ? index(l) : scalar.add(scalar.mul(place, shape[d]), index(l))),
    scalar.constant(0),
  );

const wordsOf = (key: Tensor): [Tensor, Tensor] => [
  reshapeTo(part(key, 0, 0, 1), []),
  reshapeTo(part(key, 0, 1, 1), []),
];

interface Draw {
  readonly op: string;
  readonly dtype: DType;
  /** What an element is made of: two words of 32 bits, as int32. */
  readonly body: (first: Expr, second: Expr) => Expr;
}

/** A tensor of draws. A known key gives its words at once, a traced one gives a longer map. */
function draw(key: Tensor, shape: Shape, { op, dtype, body }: Draw): Tensor {
  checkKey(op, key);
  checkShape(`random.${op}`, shape);
  const out = lettersOfRank(shape.length);
  const options = { sizes: namedSizes(out, shape), name: op, dtype };
  if (!key.isConcrete) {
    const words = threefryExpr([slot(0), slot(1)], [placeOf(shape), scalar.constant(DRAW)]);
    return map(`,->${out}`, body(...words), wordsOf(key), options);
  }
  const words = threefry(key.data, DRAW, sizeOf(shape)).map((data) =>
    concrete(data, { shape, dtype: "int32" }),
  );
  return map(`${out},${out}->${out}`, body(slot(0), slot(1)), words, options);
}

/** A key from a seed. @param seed  a whole number of at most 53 bits */
export function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed))
    fail("bad-argument", {
      where: "random.key",
      given: shown(seed),
      expected: "a whole number as the seed",
    });
  const words = Int32Array.of(Math.floor(seed / 2 ** 32), (seed % 2 ** 32) | 0);
  return concrete(words, { shape: [2], dtype: "int32" }, "key");
}

/** n keys whose draws have nothing to do with each other, nor with those of `key`. */
export function split(key: Tensor, n = 2): Tensor[] {
  checkKey("split", key);
  if (!key.isConcrete) {
    const words = threefryExpr([slot(0), slot(1)], [index("a"), scalar.constant(SPLIT)]);
    const all = map(",->ab", pair(words), wordsOf(key), { sizes: { a: n, b: 2 }, name: "split" });
    return Array.from({ length: n }, (_, i) => at(all, i));
  }
  const [first, second] = threefry(key.data, SPLIT, n);
  return Array.from(first, (word, i) => known(word, second[i]));
}

/** A key made from another and a number: of a step, an epoch, a layer. */
export function fold(key: Tensor, data: number | Tensor): Tensor {
  checkKey("fold", key);
  const isNumber = typeof data === "number";
  if (isNumber ? data !== (data | 0) : data.rank !== 0 || data.dtype !== "int32")
    fail("bad-argument", {
      where: "random.fold",
      given: isNumber ? String(data) : data.describe(),
      expected: "a whole number of 32 bits, or an int32 scalar",
    });
  const value = isNumber ? concrete(Int32Array.of(data), { shape: [], dtype: "int32" }) : data;
  if (key.isConcrete && value.isConcrete)
    return known(...firstOf(threefry(key.data, FOLD, 1, value.data[0])));
  const words = threefryExpr([slot(0), slot(1)], [slot(2), scalar.constant(FOLD)]);
  const options = { sizes: { b: 2 }, name: "fold" };
  return map(",,->b", pair(words), [...wordsOf(key), value], options);
}

const known = (...words: [number, number]): Tensor =>
  concrete(Int32Array.from(words), { shape: [2], dtype: "int32" }, "key");
const firstOf = ([first, second]: [Int32Array, Int32Array]): [number, number] => [
  first[0],
  second[0],
];
const pair = ([first, second]: [Expr, Expr]): Expr =>
  scalar.select(scalar.equal(index("b"), 0), first, second);

/** In [0, 1): 24 bits, every one of which float32 holds. */
const unit32 = (word: Expr): Expr =>
  scalar.mul(scalar.toFloat32(scalar.shiftRight(word, 8)), 2 ** -24);
/** In [0, 1): the 32 bits of one word. */
const unit64 = (word: Expr): Expr => scalar.add(scalar.mul(scalar.toFloat64(word), 2 ** -32), 0.5);
/** In [0, 1): 32 bits of one word and 21 of the other. */
const fine64 = (first: Expr, second: Expr): Expr =>
  scalar.add(unit64(first), scalar.mul(scalar.toFloat64(scalar.shiftRight(second, 11)), 2 ** -53));

function needsFloat(op: string, dtype: DType): void {
  if (!isFloat(dtype))
    fail("dtype-mismatch", { op: `random.${op}`, given: dtype, expected: "float32 or float64" });
}

/** 32 random bits per element, as int32. */
export const bits = (key: Tensor, shape: Shape): Tensor =>
  draw(key, shape, { op: "bits", dtype: "int32", body: (first) => first });

export interface UniformOptions {
  readonly min?: number;
  readonly max?: number;
  readonly dtype?: DType;
}

/** Uniform in [min, max), [0, 1) by default; rounding may reach max when it is not 1. */
export function uniform(
  key: Tensor,
  shape: Shape,
  { min = 0, max = 1, dtype = "float32" }: UniformOptions = {},
): Tensor {
  needsFloat("uniform", dtype);
  const unit = dtype === "float32" ? unit32 : fine64;
  return draw(key, shape, {
    op: "uniform",
    dtype,
    body: (first, second) => scaled(unit(first, second), max - min, min),
  });
}

const scaled = (e: Expr, by: number, from: number): Expr => {
  const wide = by === 1 ? e : scalar.mul(e, by);
  return from === 0 ? wide : scalar.add(wide, from);
};

export interface NormalOptions {
  readonly mean?: number;
  readonly deviation?: number;
  readonly dtype?: DType;
}

/**
 * Normal numbers, by default of mean 0 and standard deviation 1:
 *   √(−2 log u) · cos(2π v), u in (0, 1], v in [0, 1)
 * Source: Box and Muller 1958, doi:10.1214/aoms/1177706645.
 */
export function normal(
  key: Tensor,
  shape: Shape,
  { mean = 0, deviation = 1, dtype = "float32" }: NormalOptions = {},
): Tensor {
  needsFloat("normal", dtype);
  const unit = dtype === "float32" ? unit32 : unit64;
  const body = (first: Expr, second: Expr): Expr => {
    const u = scalar.sub(1, unit(first));
    const radius = scalar.sqrt(scalar.mul(scalar.log(u), -2));
    const turn = scalar.cos(scalar.mul(unit(second), 2 * Math.PI));
    return scaled(scalar.mul(radius, turn), deviation, mean);
  };
  return draw(key, shape, { op: "normal", dtype, body });
}

/**
 * true with probability p.
 * @param p      number or tensor, broadcast against the draws
 * @param shape  of the draws; the shape of p by default
 */
export function bernoulli(key: Tensor, p: Operand, shape?: Shape): Tensor {
  const dtype = typeof p === "number" ? "float32" : p.dtype;
  return less(uniform(key, shape ?? (typeof p === "number" ? [] : p.shape), { dtype }), p);
}

/** Whole numbers from low up to high, which is left out, as int32. */
export function integers(key: Tensor, low: number, high: number, shape: Shape = []): Tensor {
  const whole = low === (low | 0) && high - 1 === ((high - 1) | 0);
  if (!whole || high <= low)
    fail("bad-argument", {
      where: "random.integers",
      given: `low ${low} and high ${high}`,
      expected: "a range of whole 32-bit numbers with low < high",
    });
  const body = (word: Expr): Expr =>
    scalar.toInt32(scalar.floor(scaled(unit64(word), high - low, low)));
  return draw(key, shape, { op: "integers", dtype: "int32", body });
}

/** The numbers 0 … n − 1 in random order, as int32. */
export const permutation = (key: Tensor, n: number): Tensor => argsort(bits(key, [n]));

/**
 * Indices drawn with probabilities softmax(logits) along the last axis, by the largest of
 * logits − log(−log u).
 * @param logits  float [..., n]
 * @returns       int32 [...]
 * Source: Gumbel 1954; Maddison et al. 2014, arXiv:1411.0030.
 */
export function categorical(key: Tensor, logits: Tensor): Tensor {
  needsFloat("categorical", logits.dtype);
  // 23 bits and a half: float32 holds them all, and neither 0 nor 1 is among them.
  const convert = logits.dtype === "float32" ? scalar.toFloat32 : scalar.toFloat64;
  const body = (word: Expr): Expr => {
    const u = scalar.mul(scalar.add(convert(scalar.shiftRight(word, 9)), 0.5), 2 ** -23);
    return scalar.neg(scalar.log(scalar.neg(scalar.log(u))));
  };
  const noise = draw(key, logits.shape, { op: "categorical", dtype: logits.dtype, body });
  return argmax(add(logits, noise), -1);
}
