/**
 * The rhythm of a series, read off its times: every hour, every weekday, the end of every month.
 * What counts is the place of a row on that grid, found step by step, so that a change to summer
 * time, a clock that drifts or months of unequal length do not break it, and a missing row leaves a
 * hole.
 */

export type TimeUnit =
  | "row"
  | "millisecond"
  | "second"
  | "minute"
  | "hour"
  | "day"
  | "weekday"
  | "week"
  | "month";

/** One step of a series: `count` units. */
export interface Frequency {
  unit: TimeUnit;
  count: number;
  /** For people: "hourly", "every 10 minutes". */
  name: string;
  /** Months are counted from their last day. */
  monthEnd?: boolean;
}

/** Milliseconds in each unit of fixed length. */
const LENGTHS = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1_000,
  millisecond: 1,
} as const;
const DAY = LENGTHS.day;

/**
 * Part of a step by which a time may miss the grid: an hour in a day, a little jitter of a sensor.
 */
const TOLERANCE = 0.2;

const NAMES: Readonly<Record<string, string>> = {
  "1 row": "one step per row",
  "1 hour": "hourly",
  "1 day": "daily",
  "1 weekday": "on weekdays",
  "1 week": "weekly",
  "1 month": "monthly",
  "3 month": "quarterly",
  "12 month": "yearly",
};

/** A frequency with its name for people. */
export function frequency(unit: TimeUnit, count: number, monthEnd = false): Frequency {
  const plain = count === 1 ? `every ${unit}` : `every ${count} ${unit}s`;
  return { unit, count, name: NAMES[`${count} ${unit}`] ?? plain, ...(monthEnd && { monthEnd }) };
}

/** The frequency of some times, and each one's place on the grid, from 0. */
export interface Grid {
  frequency: Frequency;
  places: Float64Array;
  /** The usual gap between neighbours, in the unit of the times; 0 where it has no fixed length. */
  step: number;
}

/**
 * The grid that all times lie on.
 * @param times    milliseconds since 1970, or any numbers if `isDate` is false; strictly rising
 * @returns        the grid, or the index of the first time that misses it
 */
export function inferFrequency(times: Float64Array, isDate = true): Grid | { misses: number } {
  if (times.length < 2)
    return { frequency: frequency("row", 1), places: new Float64Array(times.length), step: 1 };
  const gaps = Float64Array.from(times.subarray(1), (time, i) => time - times[i]);
  if (isDate) {
    const months = monthGrid(times, gaps);
    if (months) return months;
  }
  const step = isDate ? withoutClockChange(commonest(gaps), gaps) : commonest(gaps);
  const places = new Float64Array(times.length);
  for (let i = 0; i < gaps.length; i++) {
    const steps = Math.round(gaps[i] / step);
    if (steps < 1 || missesBy(gaps[i] / step, steps)) return { misses: i + 1 };
    places[i + 1] = places[i] + steps;
  }
  if (!isDate) return { frequency: frequency("row", 1), places, step };
  // The mean step is truer than any single one where a clock jitters; days keep their nominal
  // length.
  const mean = (times[times.length - 1] - times[0]) / places[places.length - 1];
  const length = step < 0.9 * DAY ? mean : step;
  return weekdayGrid(times, step) ?? { frequency: fixedFrequency(length), places, step };
}

/**
 * Steps from one time of a grid to a later one, which was not there when the grid was found.
 * @returns a whole number from 1, or NaN where the time misses the grid
 */
export function stepsBetween({ frequency: rhythm, step }: Grid, from: number, to: number): number {
  const { unit, count, monthEnd } = rhythm;
  if (unit === "month") {
    const [a, b] = [from, to].map((time) => new Date(time + DAY / 2));
    const fits = monthEnd ? isMonthEnd(b) : a.getUTCDate() === b.getUTCDate();
    return fits ? whole((monthNumber(b) - monthNumber(a)) / count) : Number.NaN;
  }
  if (unit === "weekday")
    return onWeekend(to) ? Number.NaN : whole(weekdayPlace(to) - weekdayPlace(from));
  const steps = Math.round((to - from) / step);
  return missesBy((to - from) / step, steps) ? Number.NaN : whole(steps);
}

const whole = (steps: number) => (steps >= 1 && Number.isInteger(steps) ? steps : Number.NaN);

/** Whether a gap of so many usual ones is further from a whole number than clocks go wrong. */
const missesBy = (ratio: number, steps: number) =>
  Math.abs(ratio - steps) > TOLERANCE + 0.001 * steps;

/** The rhythm that most neighbouring times suggest, for messages about those that do not fit. */
export function usualRhythm(times: Float64Array, isDate: boolean): string {
  const step = commonest(Float64Array.from(times.subarray(1), (time, i) => time - times[i]));
  return isDate ? fixedFrequency(step).name : `every ${step}`;
}

/** The time `steps` steps after `time`: for the rows that are missing, and for those to come. */
export function timeAfter(rhythm: Frequency, time: number, steps: number): number {
  const { unit, count } = rhythm;
  if (unit === "row") return time + steps * count;
  if (unit === "weekday") return weekdayTime(weekdayPlace(time) + steps, time);
  if (unit !== "month") return time + steps * count * LENGTHS[unit];
  const date = new Date(time);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + steps * count;
  const last = new Date(Date.UTC(Math.floor(month / 12), (month % 12) + 1, 0)).getUTCDate();
  const day = rhythm.monthEnd ? last : Math.min(date.getUTCDate(), last);
  return Date.UTC(Math.floor(month / 12), month % 12, day) + modulo(time, DAY);
}

/**
 * How many steps make a season, guessed from the frequency alone: a day of hours or minutes, a week
 * of days, a year of weeks, months or quarters, 1 where none is likely.
 */
export function seasonFor({ unit, count }: Frequency): number {
  const seasons = { second: 60, minute: 1440, hour: 24, day: 7, weekday: 5, week: 52, month: 12 };
  const season = unit in seasons ? seasons[unit as keyof typeof seasons] / count : 1;
  return Number.isInteger(season) ? season : 1;
}

/** Months, quarters, years: all on the same day of the month, or all on its last. */
function monthGrid(times: Float64Array, gaps: Float64Array): Grid | null {
  if (gaps.some((gap) => gap < 27 * DAY)) return null;
  // Half a day is added so that midnights of a zone east of Greenwich count as the day they begin.
  const days = Array.from(times, (time) => new Date(time + DAY / 2));
  const sameDay = days.every((day) => day.getUTCDate() === days[0].getUTCDate());
  const monthEnd = !sameDay && days.every(isMonthEnd);
  if (!sameDay && !monthEnd) return null;
  const months = days.map(monthNumber);
  const steps = months.slice(1).map((month, i) => month - months[i]);
  const count = steps.reduce(greatestDivisor);
  const places = Float64Array.from(months, (month) => (month - months[0]) / count);
  return { frequency: frequency("month", count, monthEnd), places, step: 0 };
}

const monthNumber = (day: Date) => day.getUTCFullYear() * 12 + day.getUTCMonth();
const isMonthEnd = (day: Date) => new Date(day.getTime() + DAY).getUTCDate() === 1;

/** Daily rows of which none falls on a weekend, though weekends pass. */
function weekdayGrid(times: Float64Array, step: number): Grid | null {
  const long = dayNumber(times[times.length - 1]) - dayNumber(times[0]) >= 7;
  if (Math.round(step / DAY) !== 1 || !long || times.some(onWeekend)) return null;
  const first = weekdayPlace(times[0]);
  return {
    frequency: frequency("weekday", 1),
    places: times.map((time) => weekdayPlace(time) - first),
    step: 0,
  };
}

function fixedFrequency(step: number): Frequency {
  for (const [unit, length] of Object.entries(LENGTHS)) {
    const count = Math.round(step / length);
    if (count >= 1 && Math.abs(count * length - step) <= 0.002 * step)
      return frequency(unit as keyof typeof LENGTHS, count);
  }
  return frequency("millisecond", step);
}

/** A day or week that summer time makes an hour shorter or longer, at its nominal length. */
function withoutClockChange(step: number, gaps: Float64Array): number {
  const near = (length: number) => Math.abs(step - length) <= LENGTHS.hour && gaps.includes(length);
  return [DAY, LENGTHS.week].find(near) ?? step;
}

/** The gap that more than half of the rows share, else the median gap. */
function commonest(gaps: Float64Array): number {
  const sorted = gaps.slice().sort();
  let [best, most, run] = [sorted[0], 0, 0];
  for (let i = 0; i < sorted.length; i++) {
    run = i > 0 && sorted[i] === sorted[i - 1] ? run + 1 : 1;
    if (run > most) [best, most] = [sorted[i], run];
  }
  return most * 2 >= sorted.length ? best : sorted[sorted.length >> 1];
}

const modulo = (a: number, b: number) => ((a % b) + b) % b;
const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
const dayNumber = (time: number) => Math.floor(time / DAY);
const onWeekend = (time: number) => modulo(dayNumber(time) + 3, 7) > 4;

/** Weekdays since Monday, 29 December 1969. */
function weekdayPlace(time: number): number {
  const day = dayNumber(time) + 3;
  return Math.floor(day / 7) * 5 + Math.min(modulo(day, 7), 4);
}

function weekdayTime(place: number, time: number): number {
  return (Math.floor(place / 5) * 7 + modulo(place, 5) - 3) * DAY + modulo(time, DAY);
}
