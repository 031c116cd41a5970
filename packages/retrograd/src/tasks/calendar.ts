/**
 * The calendar as inputs: where a moment stands in its day, week and year, as points on circles, so
 * that a network need not count days to know the season.
 */
import type { Frequency } from "../data/frequency.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Cycles by name, with their length in milliseconds. */
const CYCLES = { day: DAY, week: 7 * DAY, year: 365.2425 * DAY } as const;
export type Cycle = keyof typeof CYCLES;

/** About how long a step is, in milliseconds; NaN where steps are rows. */
function lengthOf({ unit, count }: Frequency): number {
  const lengths: Record<string, number> = {
    ...{ millisecond: 1, second: 1000, minute: 60_000, hour: HOUR, day: DAY, weekday: DAY },
    ...{ week: 7 * DAY, month: 30.4 * DAY },
  };
  return count * (lengths[unit] ?? Number.NaN);
}

/**
 * The cycles that a series can show: at least three steps long, and seen whole twice.
 * @param span  from its first step to its last, in milliseconds
 */
export function cyclesOf(frequency: Frequency, span: number): Cycle[] {
  const step = lengthOf(frequency);
  const shows = (name: Cycle) => CYCLES[name] >= 3 * step && span >= 1.9 * CYCLES[name];
  return (Object.keys(CYCLES) as Cycle[]).filter(shows);
}

/** Names of the columns that cycles become. */
export const cycleColumns = (cycles: readonly Cycle[]): string[] =>
  cycles.flatMap((name) => [`sine of the ${name}`, `cosine of the ${name}`]);

/** Put sine and cosine of each cycle at a time into `values`, from place `at`. */
export function putCycles(
  values: Float64Array,
  at: number,
  cycles: readonly Cycle[],
  time: number,
): void {
  for (let c = 0; c < cycles.length; c++) {
    const angle = (2 * Math.PI * time) / CYCLES[cycles[c]];
    values[at + 2 * c] = Math.sin(angle);
    values[at + 2 * c + 1] = Math.cos(angle);
  }
}

/** Steps in a cycle of this length, for seasons that the rhythm alone does not name. */
export const stepsPer = (name: Cycle, frequency: Frequency): number =>
  frequency.unit === "weekday" && name === "year"
    ? 261
    : Math.round(CYCLES[name] / lengthOf(frequency));
