/**
 * flip: axes read backwards. It is its own transpose, and a view with negative strides.
 */
import { fail } from "../errors.ts";
import { apply, type Op, record, showType, type Tensor } from "../tensor/tensor.ts";
import { type Axes, axesOf } from "./axes.ts";
import { linearTangent } from "./rules.ts";
import { inner, offsets, stridesOf } from "./strided.ts";

export interface FlipAttrs {
  readonly axes: readonly number[];
}

export const flipOp: Op<FlipAttrs> = {
  name: "flip",
  lower: "view",
  shape([x], { axes }) {
    for (const axis of axes)
      if (!(axis in x.shape)) fail("axis-range", { op: "flip", axis, operand: showType(x) });
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  evaluate({ attrs: { axes }, args: [{ shape }] }, [values]) {
    const own = stridesOf(shape);
    const last = shape.map((n, d) => (axes.includes(d) ? n - 1 : 0));
    const steps = own.map((n, d) => (axes.includes(d) ? -n : n));
    return [Float64Array.from(offsets(shape, steps, inner(last, own)), (at) => values[at])];
  },
  jvp: linearTangent,
  vjp: ({ attrs }, [ct]) => [ct && record(flipOp, [ct], attrs)[0]],
  batch: ({ attrs: { axes } }, [x]) => record(flipOp, [x], { axes: axes.map((d) => d + 1) }),
};

/** x with the given axes (all of them by default) in reverse order. @throws "axis-range" */
export const flip = (x: Tensor, axis?: Axes): Tensor =>
  apply(flipOp, [x], { axes: axesOf("flip", x, axis) })[0];
