/** Parts of a batch along time, inside a program: views of its tensors, nothing is copied. */
import { fold } from "../ops/random.ts";
import { reshape } from "../ops/reshape.ts";
import { swapAxes } from "../ops/shape.ts";
import { part } from "../ops/slicing.ts";
import { clip, mul, slot, sub } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import type { Fed } from "./batch.ts";
import type { Lesson } from "./method.ts";
import { each } from "./pointwise.ts";

/** What of a batch goes with time: targets and masks only where there is one at every step. */
export type Piece = Pick<Fed, "inputs"> & Partial<Fed>;

const alongTime = ({ inputs, targets, mask }: Fed, timed: boolean): Piece => ({
  inputs,
  ...(timed && { targets }),
  ...(timed && mask && mask.rank > 1 && { mask }),
});

/** `length` time steps from `at` on: [batch, length, …]. */
export const pieceAt = (batch: Fed, timed: boolean, at: number, length: number): Piece =>
  mapTree(alongTime(batch, timed), (t: Tensor) => part(t, 1, at, length));

/** `count` pieces of `length` time steps from `at` on, one behind another: [count, batch, length, …]. */
export const pieces = (batch: Fed, timed: boolean, at: number, count: number, length: number) =>
  mapTree(alongTime(batch, timed), (t: Tensor) => {
    const [rows, , ...rest] = t.shape;
    const cut = reshape(part(t, 1, at, count * length), [rows, count, length, ...rest]);
    return swapAxes(cut, 0, 1);
  });

/**
 * A lesson about a piece alone: what it lacks is the batch's, and its randomness is its own.
 * @param segment  number of the piece, int32 []
 * @param length   time steps of every piece but the last one
 * @param steps    time steps of this one
 */
export function lessonOn(
  lesson: Lesson,
  { segment, piece }: { segment: Tensor; piece: Piece },
  length: number,
  steps: number,
): Lesson {
  const { targets, mask, lengths } = lesson.batch;
  const left = clip(sub(slot(0), mul(slot(1), length)), 0, steps);
  const own = { targets, ...(mask && { mask }), ...piece };
  return {
    ...lesson,
    batch: lengths ? { ...own, lengths: each("lengths", left, lengths, segment) } : own,
    key: lesson.key && fold(lesson.key, segment),
  };
}
