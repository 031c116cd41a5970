/**
 * Checkpointed backpropagation through time: the exact gradient of whole sequences, of which only
 * the states between segments are kept; what happens inside a segment is computed again on the way
 * back. Memory grows with the square root of time, or slower, for one more forward pass, or more.
 */
import { fail } from "../../errors/training.ts";
import { checkOptions } from "../../errors.ts";
import { bytesOf as bytesOfDtype } from "../../scalar/dtype.ts";
import { flatten } from "../../tensor/tree.ts";
import { remat } from "../../transform/remat.ts";
import {
  describe,
  inChunks,
  LOOPS,
  refuse,
  type Schedule,
  segmentsBefore,
  unfitted,
  withinBudget,
} from "../budget.ts";
import type { Fitting, Method } from "../method.ts";
import { loopsOf, type Reversal, reversal } from "../reversal.ts";
import { inSegments, joined, type Ran, type RunSegments } from "../segments.ts";
import { checkSettings } from "../settings.ts";
import { gradientOf } from "./bptt.ts";

export interface CheckpointedOptions {
  /** How many segments a sequence is cut into; about √T unless told. */
  segments?: number;
  /** States kept at a time; one for each segment unless told. */
  places?: number;
  /** Instead of both: bytes that the program may need. The fastest schedule within is taken. */
  budget?: number;
}

/**
 * Backpropagation through time that keeps the states between segments, and computes the rest of a
 * segment again when its gradient is due. The last segment is kept.
 *   segments √T, a place for each: memory O(√T), 1 more forward pass
 *   fewer places s:                (s + r − 1)!/(r! (s − 1)!) segments in r more forward passes
 *
 * Every model that carries its state can be checkpointed, and its loss may be at every step: head
 * and loss belong to the segment. Random numbers (dropout) are drawn for each segment.
 * @throws "bad-argument"; when it meets its first batch: "budget-small" with the numbers
 * Source: Chen et al. 2016, arXiv:1604.06174 (√T); Griewank and Walther 2000,
 * doi:10.1145/347837.347846 (few places).
 * Checked: loss and every gradient equal bptt's; memory is what was planned.
 */
export function checkpointed(options: CheckpointedOptions = {}): Method {
  checkOptions("checkpointed", options, ["segments", "places", "budget"]);
  const { segments, places, budget } = options;
  checkSettings("checkpointed", { segments, places }, "a whole number above 0");
  checkSettings("checkpointed", { budget }, "a number above 0");
  if (budget !== undefined && (segments ?? places) !== undefined)
    fail("bad-argument", {
      where: "checkpointed",
      given: "a budget beside segments or places",
      expected: "one of them: the budget decides the others",
    });
  if (places === 1)
    fail("bad-argument", {
      where: "checkpointed",
      given: "places = 1",
      expected: "at least 2: the first state, and that of the segment under way",
    });
  const lengthFor = (time: number) =>
    segments ? Math.ceil(time / segments) : inChunks(Math.ceil(Math.sqrt(time)));
  const asked = (time: number) =>
    budget === undefined
      ? { length: lengthFor(time), places: places ?? Infinity }
      : unfitted("checkpointed");
  const settings = { segments, places, budget };
  return { ...scheduled(settings, asked), fit: (given) => fitted(settings, given, asked) };
}

type Settings = Readonly<Record<string, number | undefined>>;

/** The method with a schedule, which may depend on how long sequences are. */
function scheduled(settings: Settings, scheduleFor: (time: number) => Schedule): Method {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return {
    name: "checkpointed",
    settings: Object.fromEntries(given) as Record<string, number>,
    carries: false,
    init: () => ({}),
    learn(lesson, params) {
      const [rows, time] = lesson.batch.inputs.shape;
      const schedule = scheduleFor(time);
      const plan = reversal(segmentsBefore(time, schedule), schedule.places);
      if (loopsOf(plan) > LOOPS) unrolls(plan, schedule);
      const walk = (run: RunSegments, state: any) => through(run, state, 0, plan);
      const how = { length: schedule.length, around: remat, walk };
      const run = (p: any) => inSegments(lesson, p, lesson.model.state(p, rows), how);
      return { ...gradientOf(params, run), state: {} };
    },
  };
}

function unrolls(plan: Reversal, { places }: Schedule): never {
  return fail("bad-argument", {
    where: "checkpointed",
    given: `${plan.count + 1} segments and ${places} places, which unroll into ${loopsOf(plan)} loops`,
    expected: `more places, or fewer segments: at most ${LOOPS} loops`,
  });
}

/** The segments of a schedule from number `first` on. */
function through(run: RunSegments, state: any, first: number, plan: Reversal): Ran {
  if (!plan.early) return run(state, first, plan.count);
  const early: Ran = remat((s: any) => through(run, s, first, plan.early))(state);
  const late = through(run, early.state, first + plan.early.count, plan.late);
  return { state: late.state, mean: late.mean && joined(early.mean, late.mean) };
}

/** The method with the schedule for batches like this one, and what it says of it. */
function fitted(settings: Settings, given: Fitting, asked: (time: number) => Schedule): Method {
  const { budget } = settings;
  const time = given.batch.inputs.shape[1];
  if (budget !== undefined) {
    const { method, found } = checkpointedWithin(given, budget);
    if (found.bytes > budget) refuse(found, time, budget);
    return method;
  }
  const own = scheduled(settings, asked);
  const found = { choice: asked(time), bytes: given.footprint(own).bytes };
  return { ...own, plan: describe(time, found) };
}

/** The fastest schedule within a budget; where none is, the one that needs least. */
export function checkpointedWithin({ model, params, batch, footprint }: Fitting, budget: number) {
  const [rows, time] = batch.inputs.shape;
  const withSchedule = (schedule: Schedule) => scheduled({ budget }, () => schedule);
  const state = bytesOf(model.state(params, rows));
  const peak = (schedule: Schedule) => footprint(withSchedule(schedule)).bytes;
  const found = withinBudget(time, state, budget, peak);
  const plan = describe(time, found, budget);
  return { method: { ...withSchedule(found.choice), budget, plan }, found };
}

/** Bytes of a tree of tensors. */
const bytesOf = (tree: unknown): number =>
  flatten(tree).reduce((sum, { size, dtype }) => sum + size * bytesOfDtype(dtype), 0);
