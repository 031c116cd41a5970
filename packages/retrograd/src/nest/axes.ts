/**
 * Iteration spaces of kernels: axes with a size and, for every access, a stride. Axes of size 1
 * vanish, neighbours that every access crosses alike become one, and the axis that lies densest
 * goes innermost.
 */

import { type Affine, plusTerms } from "./nest.ts";
import type { View } from "./view.ts";

/** A view read along named axes; an axis that it does not name has stride 0. */
export interface Operand {
  readonly view: View;
  readonly letters: string;
}

export interface Axis {
  readonly letters: string;
  readonly size: number;
  /** One stride per access, in the order the accesses were given. */
  readonly strides: readonly number[];
}

const strideAlong = ({ view, letters }: Operand, letter: string): number => {
  const k = letters.indexOf(letter);
  return k < 0 ? 0 : view.strides[k];
};

/** Axes of `letters`, without those of size 1. */
export function axesOf(
  letters: Iterable<string>,
  sizes: Readonly<Record<string, number>>,
  accesses: readonly Operand[],
): Axis[] {
  return [...letters]
    .filter((l) => sizes[l] !== 1)
    .map((l) => ({ letters: l, size: sizes[l], strides: accesses.map((a) => strideAlong(a, l)) }));
}

/** Order axes by the strides of the given access, largest first: memory order. */
export const byStride = (axes: readonly Axis[], access: number): Axis[] =>
  [...axes].sort((a, b) => Math.abs(b.strides[access]) - Math.abs(a.strides[access]));

/**
 * Join neighbours that every access crosses as if they were one axis. `kept` letters stay alone.
 */
export function joinAxes(axes: readonly Axis[], kept: ReadonlySet<string> = new Set()): Axis[] {
  const out: Axis[] = [];
  for (const axis of axes) {
    const last = out[out.length - 1];
    const joins =
      last &&
      !kept.has(last.letters) &&
      !kept.has(axis.letters) &&
      last.strides.every((s, i) => s === axis.strides[i] * axis.size);
    if (joins)
      out[out.length - 1] = {
        letters: last.letters + axis.letters,
        size: last.size * axis.size,
        strides: axis.strides,
      };
    else out.push(axis);
  }
  return out;
}

/** Address of access k, with loops named `index[d]` over axes[d]. */
export function addressOf(
  operand: Operand,
  k: number,
  axes: readonly Axis[],
  index: readonly string[],
  extra = 0,
): Affine {
  return plusTerms(
    operand.view.offset,
    axes.map((a, d) => [index[d], a.strides[k]] as const),
    extra,
  );
}
