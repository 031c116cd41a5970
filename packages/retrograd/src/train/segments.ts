/**
 * A long batch in segments, inside one program: the model runs over one segment of time after the
 * other, each from the state that the one before left, and each adds its part to the loss. That is
 * what a program over the whole batch computes; but what lies between two segments is now at hand,
 * so a method can decide what is kept for the way back and what of the gradient passes. Nothing is
 * asked of a model but that it carries its state.
 */
import { fail } from "../errors/training.ts";
import { scan } from "../loops/scanTree.ts";
import { add, slot } from "../scalar/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import type { Mean } from "./losses/loss.ts";
import { forward, isOverTime, type Lesson } from "./method.ts";
import { lessonOn, type Piece, pieceAt, pieces } from "./pieces.ts";
import { each } from "./pointwise.ts";

/** Where the model stands, and the loss so far: none where it is about the last moment alone. */
export interface Ran {
  readonly state: any;
  readonly mean?: Mean;
}
/** What a segment is told: its number, int32 [], from 0, and its part of the batch. */
export interface Moment {
  readonly segment: Tensor;
  readonly piece: Piece;
}
/** Runs `count` segments from number `first` on. */
export type RunSegments = (state: any, first: number, count: number) => Ran;
type Around = <F extends (...args: any[]) => unknown>(segment: F) => F;

export interface Segmented {
  /** Time steps of a segment; the last one has what is left, at least one. */
  readonly length: number;
  /** The state that a segment begins from, given what left the one before. */
  readonly enter?: (state: any, moment: Moment) => any;
  /** Put around each segment but the last one: what to make of what happens inside. */
  readonly around?: Around;
  /** How all but the last segment are run: as one loop unless told. */
  readonly walk?: (run: RunSegments, state: any, count: number) => Ran;
}

/** How many segments of that length a sequence has. */
export const segmentsIn = (time: number, length: number): number =>
  Math.max(1, Math.ceil(time / length));

/**
 * Loss of a batch and the state after it, as `forward` gives them: to rounding, and but for random
 * numbers, which each segment draws for itself.
 * @param entering  the state before the first step: a tree of tensors [batch, …]
 * @throws "bad-argument" where the model cannot go through time piece by piece
 * Checked: value and every gradient equal those of the whole batch.
 */
export function inSegments(lesson: Lesson, params: any, entering: any, how: Segmented) {
  const { batch, model } = lesson;
  goesForward(model.wholeOnly);
  const { length, enter = (state) => state, around = (f) => f } = how;
  const { walk = (run, state, count) => run(state, 0, count) } = how;
  const time = batch.inputs.shape[1];
  const last = segmentsIn(time, length) - 1;
  const timed = isOverTime(batch.inputs, forward(lesson, params, entering).output);

  const segment = (state: any, moment: Moment, steps: number, counts = timed): Ran => {
    const own = lessonOn(lesson, moment, length, steps);
    const begun = enter(state, moment);
    if (counts) return forward(own, params, begun);
    const { lengths, inputs } = own.batch;
    return model.run(params, inputs, { state: begun, lengths, key: own.key, train: true });
  };
  const run: RunSegments = (state, first, count) => {
    const step = around((now: any, moment: Moment) => {
      const { state: next, mean } = segment(now, moment, length);
      return { state: next, output: mean };
    });
    const segments = tensor(Int32Array.from({ length: count }, (_, k) => first + k));
    const piece = pieces(batch, timed, first * length, count, length);
    const { state: final, outputs } = scan(step, state, { segment: segments, piece });
    return { state: final, ...(outputs && { mean: mapTree(outputs, (t: Tensor) => t.sum(0)) }) };
  };
  const before: Ran = last > 0 ? walk(run, entering, last) : { state: entering };
  const rest = time - last * length;
  const piece = pieceAt(batch, timed, last * length, rest);
  const number = tensor(last, { dtype: "int32" });
  const end = segment(before.state, { segment: number, piece }, rest, true);
  return { state: end.state, mean: joined(before.mean, end.mean!) };
}

/** The parts of two means as one. */
export function joined(a: Mean | undefined, b: Mean): Mean {
  const sum = add(slot(0), slot(1));
  return a
    ? { sum: each("sum", sum, a.sum, b.sum), count: each("count", sum, a.count, b.count) }
    : b;
}

/** @throws "bad-argument" */
function goesForward(reason: string | undefined): void {
  if (reason !== undefined)
    fail("bad-argument", {
      where: "a method that goes through a batch in segments",
      given: `a model that must see whole sequences: ${reason}`,
      expected: "a model that goes forward through time, or the method bptt()",
    });
}
