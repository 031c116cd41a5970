/**
 * Where the elements of a row-major array lie. Slices, flips, pads and concatenations are all walks
 * over one shape with the strides of another, so this is the whole arithmetic of their values.
 */
import { type Shape, sizeOf } from "../tensor/tensor.ts";

/** Distance between neighbours along each axis of a row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

/** Offset start + Σ position·stride for every position of `shape`, in row-major order. */
export function offsets(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const out = new Int32Array(sizeOf(shape));
  const position = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = at;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += strides[d];
      if (++position[d] < shape[d]) break;
      at -= strides[d] * shape[d];
      position[d] = 0;
    }
  }
  return out;
}

/** Σ aᵢ bᵢ. */
export const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Integers 0 … n − 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
