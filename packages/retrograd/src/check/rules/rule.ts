/** A rule: what every sound model keeps to, how it is tried, and what to do when it is broken. */
import type { Bench } from "../bench.ts";

export interface Rule {
  /** Never changes: "look-ahead". */
  readonly code: string;
  /** What a model that keeps to it is: "causal". */
  readonly virtue: string;
  readonly promise: string;
  /** A fault makes results wrong; a warning may be meant. */
  readonly severity: "fault" | "warning";
  readonly cure: string;
  /** Whether nothing can be compared where it is broken, so that no other rule is tried. */
  readonly decides?: true;
  /** Why it says nothing of this model. */
  silent?(bench: Bench): string | undefined;
  /** What is broken, in one sentence; undefined where nothing is. */
  broken(bench: Bench): string | undefined;
}

/** By how much, as a part of the largest output. */
export const byHowMuch = (relative: number): string =>
  !Number.isFinite(relative)
    ? "from a number to none"
    : relative < 0.01
      ? `by ${relative.toExponential(0)} of its size`
      : `by ${Math.round(100 * relative)} % of its size`;

/** Row and time step of a place in a leaf [batch, time, …]. */
export function placeOf(shape: readonly number[], at: number): { row: number; step: number } {
  const [rows, time = 1] = shape;
  const inner = shape.slice(2).reduce((a, b) => a * b, 1);
  const step = Math.floor(at / inner);
  return { row: Math.floor(step / time) % rows, step: step % time };
}

/** The row of a place in a leaf [batch, …]. */
export const rowOf = (shape: readonly number[], at: number): number =>
  Math.floor(at / shape.slice(1).reduce((a, b) => a * b, 1));
