/**
 * Views: where a tensor lives. A buffer, an affine offset, and a stride per axis; slices, flips and
 * transpositions of a tensor are other views of the same buffer and cost nothing.
 */

import { stridesOf } from "../ops/strided.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { type Affine, at, type Buffer, plusTerms } from "./nest.ts";

export interface View {
  readonly buffer: Buffer;
  readonly offset: Affine;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

export const contiguous = stridesOf;
export const whole = (buffer: Buffer, shape: Shape): View => ({
  buffer,
  offset: at(0),
  shape,
  strides: contiguous(shape),
});

/** The part of a view at `index` of its first axis; `index` may be a loop's. */
export function atIndex(v: View, index: string | number, plus = 0): View {
  const [s] = v.strides;
  return {
    buffer: v.buffer,
    offset:
      typeof index === "number"
        ? plusTerms(v.offset, [], (index + plus) * s)
        : plusTerms(v.offset, [[index, s]], plus * s),
    shape: v.shape.slice(1),
    strides: v.strides.slice(1),
  };
}
export function sliceView(
  v: View,
  starts: readonly number[],
  sizes: readonly number[],
  steps: readonly number[],
): View {
  return {
    buffer: v.buffer,
    offset: plusTerms(
      v.offset,
      [],
      starts.reduce((n, s, i) => n + s * v.strides[i], 0),
    ),
    shape: [...sizes],
    strides: v.strides.map((s, i) => s * steps[i]),
  };
}
export function flipView(v: View, axes: readonly number[]): View {
  const base = axes.reduce((n, a) => n + (v.shape[a] - 1) * v.strides[a], 0);
  return {
    ...v,
    offset: plusTerms(v.offset, [], base),
    strides: v.strides.map((s, i) => (axes.includes(i) ? -s : s)),
  };
}

/** The same elements under another shape, or undefined where strides do not allow it. */
export function reshapeView(v: View, shape: Shape): View | undefined {
  if (sizeOf(shape) === 0) return { ...v, shape, strides: contiguous(shape) };
  const old = v.shape.map((n, i) => [n, v.strides[i]] as const).filter(([n]) => n !== 1);
  const strides = new Array<number>(shape.length).fill(0);
  let o = old.length - 1,
    rest = 1,
    unit = 0;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (rest === 1) {
      if (o < 0) return undefined;
      [rest, unit] = old[o--];
    }
    while (rest % shape[i] !== 0) {
      // join older axes that lie next to each other
      if (o < 0 || old[o][1] !== unit * rest) return undefined;
      rest *= old[o--][0];
    }
    strides[i] = unit;
    unit *= shape[i];
    rest /= shape[i];
  }
  return { ...v, shape, strides };
}

/** Text that is equal for equal places. */
export const viewKey = (v: View): string =>
  `${v.buffer.id}@${v.offset.base}+${v.offset.terms.map(([i, s]) => `${i}*${s}`).join("+")}:${v.shape}/${v.strides.map((s, i) => (v.shape[i] === 1 ? 0 : s))}`;

/** True when two views are the same elements in the same places. */
export const sameView = (a: View, b: View): boolean => viewKey(a) === viewKey(b);
