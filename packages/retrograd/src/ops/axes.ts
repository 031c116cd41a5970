/**
 * Axes as users give them (negative from the end, one, several or none) and as rules need them.
 * Letters name axes in the specs of maps; an op of rank r takes the first r of them.
 */
import { fail } from "../errors.ts";
import { type Shape, showShape, showType, type Tensor } from "../tensor/tensor.ts";
import { range } from "./strided.ts";

export type Axes = number | readonly number[];

/** The alphabet of specs, in order. */
export const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The first letters of the alphabet, one per axis of a tensor. */
export const lettersOfRank = (rank: number): string => LETTERS.slice(0, rank);

/** The size of every letter, from the shape whose axes they name. */
export const namedSizes = (letters: string, shape: Shape): Record<string, number> =>
  Object.fromEntries([...letters].map((l, d) => [l, shape[d]]));

/** One axis of x, counted from 0. @throws "axis-range" */
export function axisOf(op: string, x: Tensor, axis: number, rank = x.rank): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    fail("axis-range", { op, axis, operand: x.describe() });
  return axis < 0 ? axis + rank : axis;
}

/** Axes of x in ascending order, each once; every axis when none is given. @throws "axis-range" */
export function axesOf(op: string, x: Tensor, axes?: Axes): number[] {
  if (axes === undefined) return range(x.rank);
  const found = (typeof axes === "number" ? [axes] : axes).map((d) => axisOf(op, x, d));
  return [...new Set(found)].sort((a, b) => a - b);
}

/** A shape from a user. @throws "bad-argument" */
export function checkShape(where: string, shape: Shape): void {
  if (!Array.isArray(shape) || shape.some((n) => !Number.isInteger(n) || n < 0))
    fail("bad-argument", {
      where,
      given: Array.isArray(shape) ? showShape(shape) : String(shape),
      expected: "a shape: a list of whole numbers ≥ 0",
    });
}

/** Name, dtype and shape: what messages about dtypes need, where describe() leaves float32 out. */
export const describeFully = (x: Tensor): string =>
  `${x.describe().slice(0, -showType(x).length)}${x.dtype} ${showShape(x.shape)}`;
