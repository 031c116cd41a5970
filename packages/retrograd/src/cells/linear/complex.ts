/**
 * Complex numbers as pairs of tensors. There is no complex dtype: a pair is two real tensors, so
 * derivatives, batching and every target know it already. What is linear takes real numbers too.
 */
import {
  add,
  cos,
  mul,
  exp as realExp,
  expm1 as realExpm1,
  sin,
  sub,
} from "../../ops/elementwise.ts";
import { Tensor } from "../../tensor/tensor.ts";

export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

/** Real or complex. */
export type Quantity = Tensor | Complex;
const isReal = (q: Quantity): q is Tensor => q instanceof Tensor;

/** a ∘ b, elementwise. */
export function times<Q extends Quantity>(a: Q, b: Q): Q;
export function times(a: Quantity, b: Quantity): Quantity {
  if (isReal(a) || isReal(b)) return mul(a as Tensor, b as Tensor);
  return {
    re: sub(mul(a.re, b.re), mul(a.im, b.im)),
    im: add(mul(a.re, b.im), mul(a.im, b.re)),
  };
}

/** a + b, elementwise. */
export function plus<Q extends Quantity>(a: Q, b: Q): Q;
export function plus(a: Quantity, b: Quantity): Quantity {
  if (isReal(a) || isReal(b)) return add(a as Tensor, b as Tensor);
  return { re: add(a.re, b.re), im: add(a.im, b.im) };
}

/** Real s times complex z. */
export const scale = (z: Complex, s: Tensor | number): Complex => ({
  re: mul(z.re, s),
  im: mul(z.im, s),
});

/** e^z = e^re (cos im + i sin im). */
export function exp({ re, im }: Complex): Complex {
  const length = realExp(re);
  return { re: mul(length, cos(im)), im: mul(length, sin(im)) };
}

/** e^z − 1, exact near 0: the real part is (e^re − 1) cos im − 2 sin²(im/2). */
export function expm1({ re, im }: Complex): Complex {
  const bend = sin(mul(im, 0.5));
  return {
    re: sub(mul(realExpm1(re), cos(im)), mul(mul(bend, bend), 2)),
    im: mul(realExp(re), sin(im)),
  };
}

/** a / b; b is not 0. */
export function divide(a: Complex, b: Complex): Complex {
  const square = add(mul(b.re, b.re), mul(b.im, b.im));
  const turned = times(a, { re: b.re, im: b.im.neg() });
  return { re: turned.re.div(square), im: turned.im.div(square) };
}
