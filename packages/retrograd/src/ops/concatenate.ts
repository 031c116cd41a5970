/**
 * concatenate: tensors laid one behind another along an axis; its transpose cuts them apart again.
 */
import { fail } from "../errors.ts";
import {
  apply,
  type Op,
  record,
  type Shape,
  showType,
  sizeOf,
  Tensor,
  type Type,
} from "../tensor/tensor.ts";
import { axisOf, describeFully } from "./axes.ts";
import { filled } from "./map.ts";
import { repeated } from "./repeat.ts";
import { reshapeTo } from "./reshape.ts";
import { sliceOp } from "./slice.ts";
import { offsets, stridesOf } from "./strided.ts";

export interface ConcatenateAttrs {
  readonly axis: number;
}

const sameBut = (axis: number | undefined, a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, d) => d === axis || n === b[d]);

/** Two neighbours fit; the messages name them when they are tensors. */
function checkPair(op: string, a: Type, b: Type, axis?: number): void {
  const but = axis === undefined ? "" : ` but for axis ${axis}`;
  if (!sameBut(axis, a.shape, b.shape)) {
    const given =
      a instanceof Tensor ? `${a.describe()} with ${(b as Tensor).describe()}` : pair(a, b);
    fail("shape-mismatch", { op, given, expected: `an equal shape${but}` });
  }
  if (a.dtype !== b.dtype) {
    const given =
      a instanceof Tensor ? `${describeFully(a)} with ${describeFully(b as Tensor)}` : pair(a, b);
    fail("dtype-mismatch", { op, given, expected: "one dtype" });
  }
}
const pair = (a: Type, b: Type): string => `${showType(a)} with ${showType(b)}`;

/** Where each argument begins along the axis. */
function starts(args: readonly Type[], axis: number): number[] {
  let at = 0;
  return args.map(({ shape }) => (at += shape[axis]) - shape[axis]);
}

export const concatenateOp: Op<ConcatenateAttrs> = {
  name: "concatenate",
  lower: "copy",
  shape(args, { axis }) {
    const [first] = args;
    for (const other of args) checkPair("concatenate", first, other, axis);
    const size = args.reduce((n, { shape }) => n + shape[axis], 0);
    return [{ shape: first.shape.map((n, d) => (d === axis ? size : n)), dtype: first.dtype }];
  },
  evaluate({ attrs: { axis }, args, outputs: [{ shape }] }, values) {
    const out = new Float64Array(sizeOf(shape));
    const own = stridesOf(shape);
    starts(args, axis).forEach((start, k) => {
      offsets(args[k].shape, own, start * own[axis]).forEach((at, i) => {
        out[at] = values[k][i];
      });
    });
    return [out];
  },
  jvp({ attrs, args }, tangents) {
    if (tangents.every((t) => !t)) return [undefined];
    return record(
      concatenateOp,
      args.map((a, k) => tangents[k] ?? filled(a)),
      attrs,
    );
  },
  vjp({ attrs: { axis }, args }, [ct]) {
    if (!ct) return args.map(() => undefined);
    return starts(args, axis).map((start, k) => {
      const sizes = args[k].shape;
      const attrs = {
        starts: sizes.map((_, d) => (d === axis ? start : 0)),
        sizes,
        strides: sizes.map(() => 1),
      };
      return record(sliceOp, [ct], attrs)[0];
    });
  },
  batch: ({ attrs: { axis } }, args, batched, size) =>
    record(
      concatenateOp,
      args.map((a, k) => (batched[k] ? a : repeated(a, size))),
      { axis: axis + 1 },
    ),
};

/** An empty list has no shape to join. */
function atLeastOne(op: string, list: readonly Tensor[]): void {
  if (!Array.isArray(list))
    fail("bad-argument", { where: op, given: "no list", expected: `a list: ${op}([a, b])` });
  if (list.length === 0)
    fail("bad-argument", { where: op, given: "an empty list", expected: "at least one tensor" });
}

/**
 * Tensors joined along an axis that they have.
 * @param list  tensors of one dtype whose shapes differ along `axis` only
 * @throws      "bad-argument", "axis-range", "shape-mismatch", "dtype-mismatch"
 */
export function concatenate(list: readonly Tensor[], axis = 0): Tensor {
  atLeastOne("concatenate", list);
  const at = axisOf("concatenate", list[0], axis);
  for (const other of list) checkPair("concatenate", list[0], other, at);
  return list.length === 1 ? list[0] : apply(concatenateOp, list, { axis: at })[0];
}

/**
 * Tensors of one shape joined along a new axis.
 * @throws "bad-argument", "axis-range", "shape-mismatch", "dtype-mismatch"
 */
export function stack(list: readonly Tensor[], axis = 0): Tensor {
  atLeastOne("stack", list);
  const at = axisOf("stack", list[0], axis, list[0].rank + 1);
  for (const other of list) checkPair("stack", list[0], other);
  const wide = list.map((x) => reshapeTo(x, x.shape.toSpliced(at, 0, 1)));
  return concatenate(wide, at);
}
