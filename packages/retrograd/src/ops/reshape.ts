/**
 * reshape: the same numbers in the same row-major order, under another shape. Nothing moves, so the
 * compiler makes it a view and its derivatives only reshape back.
 */

import { fail } from "../errors.ts";
import {
  apply,
  type Op,
  record,
  type Shape,
  showShape,
  showType,
  sizeOf,
  type Tensor,
} from "../tensor/tensor.ts";
import { linearTangent } from "./rules.ts";

export interface ReshapeAttrs {
  readonly shape: Shape;
}

export const reshapeOp: Op<ReshapeAttrs> = {
  name: "reshape",
  lower: "view",
  shape([x], { shape }) {
    if (sizeOf(shape) !== sizeOf(x.shape))
      fail("shape-mismatch", {
        op: "reshape",
        given: `${showType(x)} with ${sizeOf(x.shape)} elements`,
        expected: `${sizeOf(shape)} for the shape ${showShape(shape)}`,
      });
    return [{ shape, dtype: x.dtype }];
  },
  evaluate: (_, [x]) => [x],
  jvp: linearTangent,
  vjp: ({ args: [x] }, [ct]) => [ct && recordReshape(ct, x.shape)],
  batch: ({ attrs }, [x], _, size) => [recordReshape(x, [size, ...attrs.shape])],
};

/** Recorded reshape, for rules. */
export const recordReshape = (x: Tensor, shape: Shape): Tensor =>
  record(reshapeOp, [x], { shape })[0];

/** Reshape to sizes that are all known; a tensor that has them already is returned as it is. */
export const reshapeTo = (x: Tensor, shape: Shape): Tensor =>
  x.rank === shape.length && x.shape.every((n, i) => n === shape[i])
    ? x
    : apply(reshapeOp, [x], { shape })[0];

/**
 * The same numbers, row-major, under another shape.
 * @param shape  sizes; one of them may be −1 and is then computed
 * @throws       "shape-mismatch", "bad-argument"
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const sized = `${x.describe()} with ${x.size} elements`;
  const free = shape.filter((n) => n === -1).length;
  if (free > 1 || shape.some((n) => !Number.isInteger(n) || n < -1))
    fail("bad-argument", {
      where: "reshape",
      given: showShape(shape),
      expected: "a list of whole sizes, at most one of them −1",
    });
  if (free === 0 && sizeOf(shape) !== x.size)
    fail("shape-mismatch", {
      op: "reshape",
      given: sized,
      expected: `${sizeOf(shape)} for the shape ${showShape(shape)}`,
    });
  if (free === 0) return reshapeTo(x, shape);
  const rest = -sizeOf(shape);
  if (rest === 0 || x.size % rest !== 0)
    fail("shape-mismatch", {
      op: "reshape",
      given: sized,
      expected: `a multiple of ${rest} for the shape ${showShape(shape)}`,
    });
  return reshapeTo(
    x,
    shape.map((n) => (n === -1 ? x.size / rest : n)),
  );
}
