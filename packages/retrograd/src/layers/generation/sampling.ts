/**
 * How the next symbol is chosen from the scores that a model gives: a rule that turns logits into
 * weights, from which one is drawn. A greedy choice is the rule that leaves weight on one alone.
 */

import { wholeNumber } from "../../cells/cell.ts";
import { fail } from "../../errors/layers.ts";
import { checkOptions } from "../../errors.ts";

/** Scores of all symbols; −∞ where one must not be said. */
export type Logits = ArrayLike<number>;

export interface Sampling {
  readonly kind: "draw";
  readonly name: string;
  /** Weights ≥ 0 of all symbols, not all zero; the probability of each is its share. */
  weights(logits: Logits): Float64Array;
}

const rule = (name: string, weights: (logits: Logits) => Float64Array): Sampling => ({
  ...{ kind: "draw", name, weights },
});

/** Symbols by falling score, the first of equals first. */
const ranked = (logits: Logits): number[] =>
  Array.from(logits, (_, i) => i).sort((a, b) => logits[b] - logits[a] || a - b);

function largest(logits: Logits): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/** e^((z − max z) / T): the weights of the softmax at temperature T. */
function raised(logits: Logits, by: number): Float64Array {
  const top = logits[largest(logits)];
  return Float64Array.from(logits, (z) => Math.exp((z - top) / by));
}

/** The likeliest symbol, always. */
export const greedy = (): Sampling =>
  rule("greedy", (logits) => {
    const weights = new Float64Array(logits.length);
    weights[largest(logits)] = 1;
    return weights;
  });

/**
 * Probabilities softmax(z / T): below 1 the likely becomes likelier, above 1 all are levelled.
 * @throws "bad-argument" unless the temperature is above 0
 */
export function temperature(by: number): Sampling {
  checkTemperature("temperature", by);
  return rule(`temperature(${by})`, (logits) => raised(logits, by));
}

/** Options of the rules that leave symbols out. */
export interface CutOptions {
  /** Applied before the cut; 1 unless told. */
  readonly temperature?: number;
}

/**
 * The k likeliest symbols, in proportion to their probabilities; all others never.
 * @throws "bad-argument"
 * Source: Fan et al. 2018, arXiv:1805.04833.
 * Checked: against sorting; the whole vocabulary where k is as large.
 */
export function topK(k: number, options: CutOptions = {}): Sampling {
  wholeNumber("topK", k);
  const by = temperatureOf("topK", options);
  return rule(`topK(${k})`, (logits) => kept(raised(logits, by), ranked(logits).slice(0, k)));
}

/**
 * The likeliest symbols that together have a share of at least p, and no more of them than that
 * takes: the nucleus.
 * @throws "bad-argument" unless 0 < p ≤ 1
 * Source: Holtzman et al. 2020, arXiv:1904.09751, section 3.1.
 * Checked: against adding up by hand; the share that is drawn is at least p, and less without one.
 */
export function nucleus(p: number, options: CutOptions = {}): Sampling {
  if (!(p > 0 && p <= 1))
    fail("bad-argument", {
      where: "nucleus",
      given: `p = ${p}`,
      expected: "a share above 0 and at most 1, such as nucleus(0.9)",
    });
  const by = temperatureOf("nucleus", options);
  return rule(`nucleus(${p})`, (logits) => {
    const weights = raised(logits, by);
    const enough = p * weights.reduce((a, b) => a + b, 0);
    const chosen: number[] = [];
    let share = 0;
    for (const i of ranked(logits)) {
      if (share >= enough) break;
      share += weights[i];
      chosen.push(i);
    }
    return kept(weights, chosen);
  });
}

/** The weights of the chosen ones, and zeros. */
function kept(weights: Float64Array, chosen: readonly number[]): Float64Array {
  const out = new Float64Array(weights.length);
  for (const i of chosen) out[i] = weights[i];
  return out;
}

function temperatureOf(where: string, options: CutOptions): number {
  checkOptions(where, options, ["temperature"]);
  const { temperature: by = 1 } = options;
  checkTemperature(where, by);
  return by;
}

function checkTemperature(where: string, by: number): void {
  if (!(by > 0 && by < Infinity))
    fail("bad-argument", {
      where,
      given: `a temperature of ${by}`,
      expected: "a number above 0, or greedy() for the likeliest symbol",
    });
}

/**
 * The symbol at a place of the unit interval that the weights divide among them.
 * @param uniform  in [0, 1)
 */
export function drawn(weights: Float64Array, uniform: number): number {
  let left = uniform * weights.reduce((a, b) => a + b, 0);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] > 0) last = i;
    left -= weights[i];
    if (left < 0) return i;
  }
  return last; // rounding left a rest
}
