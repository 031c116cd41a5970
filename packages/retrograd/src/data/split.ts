/**
 * Chronological splits: the past trains, what follows chooses, the end judges. A part is the steps
 * whose values may be *targets*; no step is a target of two parts. Inputs may look back across the
 * border, as a forecaster standing there would.
 */
import { fail } from "../errors/data.ts";

/** Steps [start, end) of one series (by index) that may be targets. */
export interface Part {
  series: number;
  start: number;
  end: number;
}

/** The parts of every series. */
export interface Split {
  train: Part[];
  validation: Part[];
  test: Part[];
  /** Series left out for being too short, by index. */
  skipped: number[];
}

export interface SplitOptions {
  /** A fraction of each series below 1, or a number of steps; usually 0.1. */
  validation?: number;
  /** A fraction of each series below 1, or a number of steps; usually 0.1. */
  test?: number;
  /** Steps that an input spans: the training part must hold one with its targets. Usually 1. */
  input?: number;
  /** Steps that a forecast spans: each part must hold one. Usually 1. */
  horizon?: number;
  /** What to do with a series too short to be split; usually an error. */
  short?: "refuse" | "skip";
}

/** What splitting and windowing need to know of a series. */
export interface Sequence {
  name: string;
  times: { readonly length: number };
}

/**
 * Split every series into train, validation and test, in this order of time.
 * @throws "split-fractions" where nothing would be left to train on; "split-short" where a series
 *         cannot give each part a window; "split-none" where all were skipped
 */
export function splitSeries(series: readonly Sequence[], options: SplitOptions = {}): Split {
  const { validation = 0.1, test = 0.1, input = 1, horizon = 1 } = options;
  const shares = { validation, test };
  for (const [name, share] of Object.entries(shares))
    if (!(share >= 0 && (share < 1 || Number.isInteger(share))))
      fail("split-fractions", { validation, test, reason: `${name} is ${share}` });
  if (validation < 1 && test < 1 && validation + test >= 1)
    fail("split-fractions", { validation, test, reason: "together they are the whole series" });
  const split: Split = { train: [], validation: [], test: [], skipped: [] };
  series.forEach(({ name, times: { length } }, index) => {
    const tested = steps(test, length, horizon);
    const validated = steps(validation, length, horizon);
    const trained = length - tested - validated;
    const short =
      trained < input + horizon ||
      (tested > 0 && tested < horizon) ||
      (validated > 0 && validated < horizon);
    if (short && options.short !== "skip")
      fail("split-short", { series: name, length, input, horizon, trained, validated, tested });
    if (short) {
      split.skipped.push(index);
      return;
    }
    split.train.push({ series: index, start: 0, end: trained });
    if (validated > 0)
      split.validation.push({ series: index, start: trained, end: trained + validated });
    if (tested > 0) split.test.push({ series: index, start: length - tested, end: length });
  });
  if (split.train.length === 0) {
    const longest = series.reduce((most, { times }) => Math.max(most, times.length), 0);
    fail("split-none", { count: series.length, longest, input, horizon });
  }
  return split;
}

/** A share in steps; a fraction is rounded, but holds at least one horizon. */
function steps(share: number, length: number, horizon: number): number {
  if (share === 0 || share >= 1) return share;
  return Math.max(Math.round(share * length), horizon);
}
