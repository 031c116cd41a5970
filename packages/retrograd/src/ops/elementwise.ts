/**
 * Elementwise functions: each is one map over a body from the scalar table. Operands are tensors or
 * numbers and broadcast as in NumPy; dtypes are never converted silently.
 */

import { oneOf } from "../errors.ts";
import * as scalar from "../scalar/index.ts";
import { type DType, dtypes, type Expr, type ScalarFunction } from "../scalar/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { elementwise, type Operand } from "./broadcast.ts";

type Unary = (x: Operand) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;

const composed =
  (name: string, body: (x: Expr) => Expr): Unary =>
  (x) =>
    elementwise(name, body, [x]);
const unary = (body: ScalarFunction): Unary => composed(body.row.name, body);
const binary =
  (body: ScalarFunction, name = body.row.name): Binary =>
  (a, b) =>
    elementwise(name, body, [a, b]);

export const add: Binary = binary(scalar.add);
export const sub: Binary = binary(scalar.sub);
export const mul: Binary = binary(scalar.mul);
/** a / b, for floats. */
export const div: Binary = binary(scalar.div);
/** a^b, for floats. */
export const pow: Binary = binary(scalar.pow);
/** The smaller one; ties share the derivative, NaN wins. */
export const minimum: Binary = binary(scalar.min, "minimum");
/** The larger one; ties share the derivative, NaN wins. */
export const maximum: Binary = binary(scalar.max, "maximum");

/** −x. */
export const neg: Unary = (x) => {
  const isInteger = typeof x !== "number" && x.dtype === "int32";
  return elementwise("neg", isInteger ? (e) => scalar.sub(0, e) : scalar.neg, [x]);
};
/** The same numbers in the opposite order: −x, or ~x for integers, which cannot overflow. */
export const opposite = (x: Tensor): Tensor =>
  elementwise("neg", x.dtype === "int32" ? (e) => scalar.xor(e, -1) : scalar.neg, [x]);
export const abs: Unary = unary(scalar.abs);
/** −1, 0 or 1. */
export const sign: Unary = unary(scalar.sign);
export const sqrt: Unary = unary(scalar.sqrt);
export const square: Unary = composed("square", scalar.square);
export const exp: Unary = unary(scalar.exp);
/** eˣ − 1, exact near 0. */
export const expm1: Unary = unary(scalar.expm1);
/** The natural logarithm. */
export const log: Unary = unary(scalar.log);
/** log(1 + x), exact near 0. */
export const log1p: Unary = unary(scalar.log1p);
export const sin: Unary = unary(scalar.sin);
export const cos: Unary = unary(scalar.cos);
export const tanh: Unary = unary(scalar.tanh);
/** σ(x) = 1 / (1 + e⁻ˣ). */
export const logistic: Unary = unary(scalar.logistic);
/** Another name of logistic. */
export const sigmoid: Unary = logistic;
export const erf: Unary = unary(scalar.erf);
export const relu: Unary = composed("relu", scalar.relu);
/** log(1 + eˣ), a smooth relu. */
export const softplus: Unary = unary(scalar.softplus);
/** x·σ(x). */
export const silu: Unary = composed("silu", scalar.silu);
/** x·Φ(x), exact by erf. */
export const gelu: Unary = composed("gelu", scalar.gelu);
export const floor: Unary = unary(scalar.floor);
export const ceil: Unary = unary(scalar.ceil);
/** To the nearest integer, ties to even. */
export const round: Unary = unary(scalar.round);

/** x, or slope·x below 0. */
export const leakyRelu = (x: Operand, slope = 0.01): Tensor =>
  elementwise("leakyRelu", (e) => scalar.leakyRelu(e, slope), [x]);
/** x, or alpha·(eˣ − 1) below 0. */
export const elu = (x: Operand, alpha = 1): Tensor =>
  elementwise("elu", (e) => scalar.elu(e, alpha), [x]);
/** x held within [low, high]. */
export const clip = (x: Operand, low: Operand, high: Operand): Tensor =>
  elementwise("clip", scalar.clip, [x, low, high]);

/** Comparisons give bool; with NaN only notEqual is true. */
export const less: Binary = binary(scalar.less);
export const lessEqual: Binary = binary(scalar.lessEqual);
export const greater: Binary = binary(scalar.greater);
export const greaterEqual: Binary = binary(scalar.greaterEqual);
export const equal: Binary = binary(scalar.equal);
export const notEqual: Binary = binary(scalar.notEqual);
/** Both, of bools. */
export const and = (a: Tensor, b: Tensor): Tensor => elementwise("and", scalar.and, [a, b]);
/** Either or both, of bools. */
export const or = (a: Tensor, b: Tensor): Tensor => elementwise("or", scalar.or, [a, b]);
/** The opposite, of a bool. */
export const not = (x: Tensor): Tensor => elementwise("not", scalar.not, [x]);
/** true where x is neither infinite nor NaN. */
export const isFinite: Unary = composed("isFinite", (x) => scalar.less(scalar.abs(x), Infinity));
export const isNaN: Unary = composed("isNaN", (x) => scalar.notEqual(x, x));

/**
 * a where the condition holds, b elsewhere. What is not chosen gets the cotangent 0; if its own
 * derivative may be infinite or NaN there, choose a harmless argument for it first.
 * @param condition  bool, broadcast against a and b
 * @throws           "dtype-mismatch", "broadcast-mismatch"
 */
export function where(condition: Tensor | boolean, a: Operand, b: Operand): Tensor {
  const test = typeof condition === "boolean" ? tensor(condition) : condition;
  return elementwise("where", scalar.select, [test, a, b], { free: 1 });
}

const conversions: Record<DType, (x: Expr) => Expr> = {
  float32: scalar.toFloat32,
  float64: scalar.toFloat64,
  int32: scalar.toInt32,
  bool: scalar.toBool,
};

/**
 * x in another dtype. To int32 goes towards zero and saturates; to bool asks for ≠ 0. The
 * derivative passes between floats and is zero where the result is not one.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  return elementwise("cast", conversions[oneOf("cast", dtype, dtypes)], [x]);
}
