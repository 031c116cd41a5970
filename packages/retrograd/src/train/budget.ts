/**
 * A budget of memory: of all ways to cut a sequence into segments, the fastest that fits. What one
 * needs is not estimated: the training step is compiled up to the plan of its memory, which does
 * not take longer for longer sequences.
 */
import { fail } from "../errors/methods.ts";
import { showBytes } from "../nest/explain.ts";
import { loopsOf, passedThrough, passesFor, reach, reversal } from "./reversal.ts";
import { segmentsIn } from "./segments.ts";

/** How a sequence is gone back through. */
export interface Schedule {
  /** Time steps of a segment; one for all of them is plain backpropagation. */
  readonly length: number;
  /** States kept at a time before the last segment; Infinity is one for each. */
  readonly places: number;
}

/** A choice, and the bytes that a training step with it needs. */
export interface Measured<C> {
  readonly choice: C;
  readonly bytes: number;
}

/** Longer segments are a multiple of it, so that the chunks of their loops have no rest. */
const CHUNK = 32;
/** Loops that a schedule may be unrolled into; each is compiled. */
export const LOOPS = 16;
/** Segments whose memory is measured to learn what a time step takes. */
const SAMPLES = [2 * CHUNK, 4 * CHUNK] as const;

/** A length that divides into chunks, where it is worth it. */
export const inChunks = (length: number): number =>
  length < 2 * CHUNK ? length : Math.ceil(length / CHUNK) * CHUNK;

/** The number of segments before the last one. */
export const segmentsBefore = (time: number, { length }: Schedule): number =>
  segmentsIn(time, length) - 1;

/**
 * The fastest schedule within a budget; where none is, the one that needs least.
 * @param time     steps of the sequence
 * @param state    bytes of the state between two segments
 * @param peak     bytes that a training step with a schedule needs
 * Checked: what is chosen is what the compiled program needs, to the byte; a smaller budget gives a
 * schedule that needs less and works more, until it is refused.
 */
export function withinBudget(
  time: number,
  state: number,
  budget: number,
  peak: (schedule: Schedule) => number,
): Measured<Schedule> {
  const whole: Schedule = { length: time, places: Infinity };
  let least: Measured<Schedule> = { choice: whole, bytes: peak(whole) };
  if (least.bytes <= budget || time < 2) return least;
  const step = bytesPerStep(time, state, peak);
  let guessed = Infinity;
  for (let passes = 1; ; passes++) {
    const guess = leanest(time, passes, state, step);
    if (!guess || guess.bytes >= guessed) return least;
    guessed = guess.bytes;
    const found = { choice: guess.choice, bytes: peak(guess.choice) };
    if (found.bytes <= budget) return found;
    if (found.bytes < least.bytes) least = found;
  }
}

/** @throws "budget-small", always: with the least that was found */
export function refuse({ choice, bytes }: Measured<Schedule>, time: number, budget: number): never {
  return fail("budget-small", { budget, least: bytes, time, length: choice.length });
}

/** A budget says nothing before a batch shows its size. @throws "bad-argument", always */
export const unfitted = (method: string): never =>
  fail("bad-argument", {
    where: method,
    given: "a budget in a training step of one's own",
    expected: "the method that fitted(step, params, batch) gives, as train does",
  });

/** What a step within a segment takes: the slope between two lengths of segments. */
function bytesPerStep(time: number, state: number, peak: (s: Schedule) => number): number {
  const [short, long] = SAMPLES.map((length, k) =>
    Math.min(length, Math.ceil((time * (k + 1)) / 4)),
  );
  const at = (length: number) => {
    const schedule = { length, places: Infinity };
    return peak(schedule) - segmentsBefore(time, schedule) * state;
  };
  return short < long ? Math.max(1, (at(long) - at(short)) / (long - short)) : state;
}

/** Of the schedules with so many passes the one that should need least beside the batch. */
function leanest(time: number, passes: number, state: number, step: number) {
  let best: Measured<Schedule> | undefined;
  for (let places = passes > 1 ? 2 : 1; places < time; places++) {
    const length = inChunks(Math.ceil(time / (reach(places, passes) + 1)));
    const choice = { length, places: passes > 1 ? places : Infinity };
    const count = segmentsBefore(time, choice);
    const bytes = Math.min(places, count) * state + length * step;
    if (count < 1 || bytes >= (best?.bytes ?? Infinity)) continue;
    if (passesFor(count, places) !== passes) continue;
    if (loopsOf(reversal(count, choice.places)) > LOOPS) continue;
    best = { choice, bytes };
  }
  return best;
}

/** What a schedule does, for people. */
export function describe(time: number, { choice, bytes }: Measured<Schedule>, budget?: number) {
  const before = segmentsBefore(time, choice);
  const needs = `${showBytes(bytes)}${budget ? ` of the ${showBytes(budget)} allowed` : ""}`;
  if (before === 0) return `checkpointed: all ${time} steps are kept, in ${needs}`;
  const kept = Math.min(choice.places, before);
  const last = time - before * choice.length;
  const runs = (passedThrough(reversal(before, kept)) + before) / before;
  return (
    `checkpointed: ${time} steps in ${before + 1} segments of ${choice.length} (the last of ${last}); ` +
    `at most ${kept} states are kept, every segment but the last runs forward ` +
    `${Number(runs.toFixed(2))} times, in ${needs}`
  );
}
