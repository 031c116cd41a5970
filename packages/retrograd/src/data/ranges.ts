/**
 * Windows of parts without a list of them: in every part the first targets are consecutive steps,
 * so a window is known by its number.
 */
import type { Part } from "./split.ts";
import type { Windows } from "./windows.ts";

/** Windows by series and first target; what they are windows of is known elsewhere. */
export type Places = Pick<Windows, "series" | "first" | "count">;

export interface Ranges {
  /** Windows. */
  readonly count: number;
  /** Those of some numbers, in this order. */
  at(indices: ArrayLike<number>): Places;
}

/**
 * The windows whose targets lie in the parts.
 * @param options `input` steps before the first target, `horizon` targets, and no first target
 *                before step `least`
 */
export function rangesOf(
  parts: readonly Part[],
  { input, horizon, least = 0 }: { input: number; horizon: number; least?: number },
): Ranges {
  const ranges = parts
    .map(({ series, start, end }) => ({ series, from: Math.max(start, input, least), end }))
    .map(({ series, from, end }) => ({ series, from, size: end - horizon - from + 1 }))
    .filter(({ size }) => size > 0);
  const begins = new Float64Array(ranges.length + 1);
  ranges.forEach(({ size }, i) => {
    begins[i + 1] = begins[i] + size;
  });
  const find = (index: number): number => {
    let [low, high] = [0, ranges.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (begins[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    count: begins[ranges.length],
    at(indices) {
      const series = new Int32Array(indices.length);
      const first = new Int32Array(indices.length);
      for (let i = 0; i < indices.length; i++) {
        const own = find(indices[i]);
        series[i] = ranges[own].series;
        first[i] = ranges[own].from + indices[i] - begins[own];
      }
      return { count: indices.length, series, first };
    },
  };
}

/** `most` numbers below `count`, evenly apart; all of them where there are no more. */
export function spaced(count: number, most: number): number[] {
  const n = Math.min(most, count);
  return Array.from({ length: n }, (_, i) => Math.floor((i * count) / n));
}

/** Numbers from 0, `size` at a time. */
export function* inTurn(count: number, size: number): Iterable<number[]> {
  for (let at = 0; at < count; at += size)
    yield Array.from({ length: Math.min(size, count - at) }, (_, i) => at + i);
}
