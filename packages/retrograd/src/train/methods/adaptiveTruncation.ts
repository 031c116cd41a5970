/**
 * Adaptive truncation: windows as long as the gradient needs them. One says how much of it may be
 * lost instead of where it is cut, and every epoch looks anew how fast it fades.
 */
import { fail } from "../../errors/training.ts";
import { checkOptions } from "../../errors.ts";
import { type Decay, stepsNeeded } from "../decay.ts";
import { fadingOf } from "../fading.ts";
import type { Judging, Method } from "../method.ts";
import { checkSettings } from "../settings.ts";
import { truncated } from "./truncated.ts";

export interface AdaptiveTruncationOptions {
  /** Part of the gradient that may be cut off; 0.1 unless told. */
  tolerance?: number;
  /** Fewest steps that a gradient goes back; 8 unless told. */
  shortest?: number;
  /** Most; 128 unless told. */
  longest?: number;
}

/**
 * truncated with overlapping windows of 2K steps, K apart: the loss at every step sends its
 * gradient back through at least K steps, and K is chosen where an epoch begins. On its first batch
 * the gradient of the loss at one step is followed back through up to 2 · `longest` steps, as far
 * as the batch has them. K is the smallest of shortest, 2 · shortest, 4 · shortest, …, longest (so
 * that few windows are compiled) at which what is cut is estimated to be at most `tolerance` of
 * the gradient; it is `longest` where there is none, as where the gradient does not fade.
 *
 * A checkpoint keeps K, so that a run that goes on goes on alike.
 * @throws "bad-argument"; on a batch: "window-targets"
 * Source: Aicher, Foti and Fox 2019, arXiv:1905.07473, algorithm 1.
 * Checked: K in closed form for a linear recurrence; the measured bias is within the tolerance;
 * where K spans the sequence the gradient is bptt's.
 */
export function adaptiveTruncation(options: AdaptiveTruncationOptions = {}): Method {
  const where = "adaptiveTruncation";
  checkOptions(where, options, ["tolerance", "shortest", "longest"]);
  const { tolerance = 0.1, shortest = Math.min(8, options.longest ?? 8) } = options;
  const { longest = Math.max(128, shortest) } = options;
  checkSettings(where, { tolerance }, "a number above 0");
  checkSettings(where, { shortest, longest }, "a whole number above 0");
  if (shortest > longest)
    fail("bad-argument", {
      where,
      given: `shortest = ${shortest} and longest = ${longest}`,
      expected: "a shortest that is at most the longest",
    });
  const settings = { tolerance, shortest, longest };
  const allowed = `${Number((100 * tolerance).toPrecision(3))} %`;
  const judge = judging(longest);
  const reason = (steps: number) =>
    steps < longest ? `so that at most ${allowed} is cut` : "the most that it may";
  const going = (steps: number): Method => ({
    ...truncated({ window: 2 * steps, stride: steps }),
    name: where,
    settings,
    plan: `${where}: gradients go back at least ${steps} steps, ${reason(steps)}`,
  });
  return {
    ...going(longest),
    plan: undefined,
    adapts: {
      choose(given) {
        const needed = stepsNeeded(judge(given), tolerance);
        let steps = shortest;
        while (steps < needed && steps < longest) steps = Math.min(2 * steps, longest);
        return steps;
      },
      with: going,
    },
  };
}

/** How a model's gradient fades on a batch; compiled once for batches of one length. */
function judging(longest: number) {
  let last: readonly unknown[] = [];
  let fading: ReturnType<typeof fadingOf>;
  return ({ model, loss, params, batch, target }: Judging): Decay => {
    const steps = Math.min(2 * longest, batch.inputs.shape[1]);
    // A single step is learned from whole.
    if (steps < 2) return { norms: [0], sums: [0] };
    const own = [model, loss, steps, target];
    if (own.some((x, k) => x !== last[k])) fading = fadingOf(model, loss, steps, target);
    last = own;
    return fading(params, batch);
  };
}
