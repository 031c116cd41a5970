/**
 * Beam search: the most probable continuation is looked for among a few at a time. Each of them has
 * a state of its own, which the model is given back before it goes on.
 */
import { wholeNumber } from "../../cells/cell.ts";
import { fail } from "../../errors/layers.ts";
import { checkOptions } from "../../errors.ts";
import type { Logits } from "./sampling.ts";

export interface BeamOptions {
  /**
   * α of the score log p / ((5 + length) / 6)^α. With 0 (the default) it is the probability alone,
   * which favours what is short.
   */
  readonly lengthPenalty?: number;
}

export interface Beam {
  readonly kind: "beam";
  readonly name: string;
  readonly width: number;
  readonly lengthPenalty: number;
}

/**
 * The best of what a search finds that keeps `width` continuations at a time.
 * @throws "bad-argument"
 * Source: Wu et al. 2016, arXiv:1609.08144, eq. 14, without the term of coverage.
 * Checked: all continuations there are, where the beam is as wide.
 */
export function beam(width: number, options: BeamOptions = {}): Beam {
  wholeNumber("beam: width", width);
  checkOptions("beam", options, ["lengthPenalty"]);
  const { lengthPenalty = 0 } = options;
  if (!(lengthPenalty >= 0 && lengthPenalty < Infinity))
    fail("bad-argument", {
      where: "beam: lengthPenalty",
      given: String(lengthPenalty),
      expected: "a number of at least 0",
    });
  return { kind: "beam", name: `beam(${width})`, width, lengthPenalty };
}

/** What a search goes through: a state gives logits, and a symbol leads to the next state. */
export interface Search<S> {
  readonly first: { readonly state: S; readonly logits: Logits };
  /** The state after a symbol, and the scores of what comes then. */
  next(state: S, symbol: number): { readonly state: S; readonly logits: Logits };
  /** Symbols that end a continuation; the end is a part of its probability, not of its symbols. */
  ends(symbol: number): boolean;
  /** Most symbols of a continuation. */
  readonly length: number;
}

export interface Found {
  readonly symbols: readonly number[];
  readonly logProbability: number;
  /** What it was chosen by. */
  readonly score: number;
}

interface Way<S> {
  readonly symbols: readonly number[];
  readonly logProbability: number;
  /** Where it goes on from: the way before, and the symbol that leads on. */
  readonly from: S;
  readonly logits: Logits | undefined;
}

/** The best continuations, the best one first. */
export function searched<S>({ width, lengthPenalty }: Beam, search: Search<S>): Found[] {
  const done: Found[] = [];
  const finish = (symbols: readonly number[], logProbability: number, length: number): void => {
    const score = logProbability / ((5 + length) / 6) ** lengthPenalty;
    done.push({ symbols, logProbability, score });
  };
  const { state, logits } = search.first;
  let ways: Way<S>[] = [{ symbols: [], logProbability: 0, from: state, logits }];
  for (let at = 0; at < search.length && ways.length > 0 && done.length < width; at++) {
    const next: Way<S>[] = [];
    for (const { way, symbol, logProbability } of continuations(ways)) {
      if (next.length === width) break;
      if (search.ends(symbol)) {
        finish(way.symbols, logProbability, at + 1);
        continue;
      }
      next.push({
        symbols: [...way.symbols, symbol],
        logProbability,
        from: way.from,
        logits: undefined,
      });
    }
    const isLast = at + 1 === search.length;
    if (isLast) for (const way of next) finish(way.symbols, way.logProbability, at + 1);
    else ways = next.map((way) => reached(search, way));
  }
  return done.sort((a, b) => b.score - a.score);
}

function reached<S>(search: Search<S>, way: Way<S>): Way<S> {
  const { state, logits } = search.next(way.from, way.symbols[way.symbols.length - 1]);
  return { ...way, from: state, logits };
}

interface Continuation<S> {
  readonly way: Way<S>;
  readonly symbol: number;
  readonly logProbability: number;
}

/** One more symbol for each way, the most probable ones first. */
function continuations<S>(ways: readonly Way<S>[]): Continuation<S>[] {
  const all = ways.flatMap((way) => {
    const logits = way.logits!;
    let top = -Infinity;
    for (let i = 0; i < logits.length; i++) top = Math.max(top, logits[i]);
    let total = 0;
    for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i] - top);
    const base = way.logProbability - top - Math.log(total);
    return Array.from(logits, (z, symbol) => ({ way, symbol, logProbability: base + z }));
  });
  return all
    .filter(({ logProbability }) => logProbability > -Infinity)
    .sort((a, b) => b.logProbability - a.logProbability);
}
