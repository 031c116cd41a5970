/**
 * slice and pad, each the transpose of the other: slice reads every stride-th element of a range,
 * pad lays elements into zeros at the same places. Nothing else is needed to cut tensors up.
 */
import { fail } from "../errors.ts";
import { type Op, record, type Shape, showType, sizeOf, type Type } from "../tensor/tensor.ts";
import { linearTangent } from "./rules.ts";
import { inner, offsets, stridesOf } from "./strided.ts";

/** out[i] = x[start + i·stride], per axis; strides are at least 1. */
export interface SliceAttrs {
  readonly starts: readonly number[];
  readonly sizes: Shape;
  readonly strides: readonly number[];
}

/** Zeros before, behind and between the elements, per axis; none is negative. */
export interface PadAttrs {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
}

/** Elements from the first to the last of `size` elements that lie `stride` apart. */
const extent = (size: number, stride: number): number => (size > 0 ? (size - 1) * stride + 1 : 0);

function checkAttrs(op: string, x: Type, lists: readonly (readonly number[])[]): void {
  for (const list of lists)
    if (list.length !== x.shape.length || list.some((n) => !Number.isInteger(n) || n < 0))
      fail("bad-argument", {
        where: op,
        given: `[${list}] for ${showType(x)}`,
        expected: "one whole number ≥ 0 per axis",
      });
}

export const sliceOp: Op<SliceAttrs> = {
  name: "slice",
  lower: "view",
  shape([x], { starts, sizes, strides }) {
    checkAttrs("slice", x, [starts, sizes, strides]);
    x.shape.forEach((n, d) => {
      const end = starts[d] + extent(sizes[d], strides[d]);
      if (end > n || strides[d] < 1)
        fail("index-range", {
          op: "slice",
          given: `${starts[d]}…${end} by ${strides[d]} on axis ${d} of ${showType(x)}`,
          expected: `a range within 0…${n}, by at least 1`,
        });
    });
    return [{ shape: sizes, dtype: x.dtype }];
  },
  evaluate({ attrs: { starts, sizes, strides }, args: [x] }, [values]) {
    const own = stridesOf(x.shape);
    const steps = own.map((n, d) => n * strides[d]);
    return [Float64Array.from(offsets(sizes, steps, inner(starts, own)), (at) => values[at])];
  },
  jvp: linearTangent,
  vjp({ attrs: { starts, sizes, strides }, args: [x] }, [ct]) {
    if (!ct) return [undefined];
    const high = x.shape.map((n, d) => n - starts[d] - extent(sizes[d], strides[d]));
    const interior = strides.map((s) => s - 1);
    return record(padOp, [ct], { low: starts, high, interior });
  },
  batch: ({ attrs: { starts, sizes, strides } }, [x], _, size) =>
    record(sliceOp, [x], {
      starts: [0, ...starts],
      sizes: [size, ...sizes],
      strides: [1, ...strides],
    }),
};

export const padOp: Op<PadAttrs> = {
  name: "pad",
  lower: "copy",
  shape([x], { low, high, interior }) {
    checkAttrs("pad", x, [low, high, interior]);
    const shape = x.shape.map((n, d) => low[d] + extent(n, interior[d] + 1) + high[d]);
    return [{ shape, dtype: x.dtype }];
  },
  evaluate({ attrs: { low, interior }, args: [x], outputs: [{ shape }] }, [values]) {
    const out = new Float64Array(sizeOf(shape));
    const own = stridesOf(shape);
    const steps = own.map((n, d) => n * (interior[d] + 1));
    offsets(x.shape, steps, inner(low, own)).forEach((at, i) => {
      out[at] = values[i];
    });
    return [out];
  },
  jvp: linearTangent,
  vjp: ({ attrs: { low, interior }, args: [x] }, [ct]) =>
    ct
      ? record(sliceOp, [ct], { starts: low, sizes: x.shape, strides: interior.map((n) => n + 1) })
      : [undefined],
  batch: ({ attrs: { low, high, interior } }, [x]) =>
    record(padOp, [x], { low: [0, ...low], high: [0, ...high], interior: [0, ...interior] }),
};
