/**
 * What stands where a value is missing, for steps that pass by once: the policies of `missing.ts`
 * that look back only. Interpolation looks ahead, as far as it has to, and is for series in memory.
 */
import { fail } from "../errors/data.ts";
import type { Outline } from "./archive.ts";
import { showTime } from "./dates.ts";
import type { Frequency } from "./frequency.ts";
import type { MissingPolicy, Steps } from "./missing.ts";

/** Takes finished steps, in order; they are the caller's again afterwards. */
export type StepSink = (steps: Steps) => void;

/** Steps that leave together. */
const TOGETHER = 1 << 10;

export interface FillOptions {
  readonly file: string;
  readonly features: readonly string[];
  readonly isDate: boolean;
  readonly missing: MissingPolicy;
}

export class Filler {
  readonly #options: FillOptions;
  readonly #name: string;
  readonly #sink: StepSink;
  readonly #width: number;
  readonly #buffer: Steps;
  /** [features]: the last value; NaN before there is one. */
  readonly #last: Float64Array;
  /** [features]: steps in which it was missing, and the time of the first of them. */
  readonly #missing: Float64Array;
  readonly #firstMissing: Float64Array;
  #steps = 0;
  #full = 0;
  #held = 0;
  #length = 0;
  #seen = 0;
  #first = Number.NaN;
  #time = Number.NaN;

  constructor(options: FillOptions, name: string, sink: StepSink) {
    const width = options.features.length;
    this.#options = options;
    this.#name = name;
    this.#sink = sink;
    this.#width = width;
    this.#buffer = {
      times: new Float64Array(TOGETHER),
      values: new Float64Array(TOGETHER * width),
      observed: new Uint8Array(TOGETHER * width),
    };
    this.#last = new Float64Array(width).fill(Number.NaN);
    this.#missing = new Float64Array(width);
    this.#firstMissing = new Float64Array(width).fill(Number.NaN);
  }

  /** The next step; without sums none of its values is known. */
  add(time: number, sums?: ArrayLike<number>, counts?: ArrayLike<number>): void {
    const [width, at] = [this.#width, this.#held * this.#width];
    const { values, observed, times } = this.#buffer;
    let [known, begun] = [0, 0];
    for (let f = 0; f < width; f++) {
      const is = counts !== undefined && counts[f] > 0;
      if (is) this.#last[f] = sums![f] / counts[f];
      else if (this.#missing[f]++ === 0) this.#firstMissing[f] = time;
      if (is) known++;
      if (!Number.isNaN(this.#last[f])) begun++;
      values[at + f] = this.#last[f];
      observed[at + f] = is ? 1 : 0;
    }
    this.#steps++;
    if (known === width) this.#full++;
    // Steps before every feature has a value are cut off; those that are dropped, wherever.
    if (begun < width || (this.#options.missing === "drop" && known < width)) return;
    times[this.#held++] = time;
    if (this.#length++ === 0) this.#first = time;
    this.#time = time;
    this.#seen += known;
    if (this.#held === TOGETHER) this.#leave();
  }

  /** @throws "series-all-missing", "series-missing-value", "series-no-full-step" */
  finish(frequency: Frequency): { outline: Outline; cells: number; seen: number } {
    const { file, features, isDate, missing } = this.#options;
    const place = { file, series: this.#name };
    features.forEach((column, f) => {
      const count = this.#missing[f];
      if (count === this.#steps) fail("series-all-missing", { ...place, column });
      if (count === 0 || missing !== "refuse") return;
      const time = showTime(this.#firstMissing[f], isDate);
      fail("series-missing-value", { ...place, column, time, count });
    });
    if (missing === "drop" && this.#full === 0)
      fail("series-no-full-step", { ...place, steps: this.#steps });
    this.#leave();
    const [name, length] = [this.#name, this.#length];
    const outline = { name, frequency, length, first: this.#first, last: this.#time };
    return { outline, cells: length * this.#width, seen: this.#seen };
  }

  #leave(): void {
    const [count, width] = [this.#held, this.#width];
    const { times, values, observed } = this.#buffer;
    this.#held = 0;
    if (count > 0)
      this.#sink({
        times: times.subarray(0, count),
        values: values.subarray(0, count * width),
        observed: observed.subarray(0, count * width),
      });
  }
}
