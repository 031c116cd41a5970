/**
 * The arithmetic of a comparison. In each round everybody has one turn, and a ratio is taken within
 * the round: what slows the machine for a while slows both. What is said is the median of the rounds,
 * with the least and the largest.
 */
import { median } from "../ceiling.ts";

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
});

/** How many times as fast we are: their time over ours, round by round. */
export const ratioOf = (ours: readonly number[], theirs: readonly number[]): Spread =>
  spreadOf(ours.map((ms, round) => theirs[round] / ms));

/** Who is when: forth in one round and back in the next, so that a drift cancels. */
export function turnsOf(count: number, round: number): number[] {
  const forth = Array.from({ length: count }, (_, i) => i);
  return round % 2 === 0 ? forth : forth.reverse();
}

export type Check = Readonly<Record<string, number>>;

/** float32 sums in another order differ by less; a wrong gate or gradient by far more. */
const TOLERANCE = 6e-5;

/** Whether two computed the same: the same figures, equal to four digits after the point. */
export function agree(a: Check, b: Check): boolean {
  const keys = Object.keys(a);
  if (keys.length === 0 || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Math.abs(a[key] - b[key]) <= TOLERANCE); // false for NaN too
}
