/**
 * Sequences from a model, symbol by symbol: each is chosen from what the model expects, and told to
 * it before it says what it expects next. Anything that takes a symbol and gives scores will do.
 */
import { fail } from "../../errors/layers.ts";
import { checkOptions } from "../../errors.ts";
import type { JitOptions } from "../../jit/jit.ts";
import { key } from "../../ops/random.ts";
import { threefry } from "../../ops/threefry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Beam } from "./beam.ts";
import { searched } from "./beam.ts";
import { drawn, type Logits, type Sampling, temperature } from "./sampling.ts";

/** A model that takes one symbol at a time and keeps its state, as `model.stream` gives it. */
export interface Stepping {
  /** @returns the scores of the next symbol, [symbols] */
  push(symbol: number): Tensor;
  readonly state: any;
  reset(state?: any): void;
}

export interface ContinueOptions {
  /** What has been said already, and is told to the model first; it is no part of the result. */
  readonly start: number | readonly number[];
  /** Symbols to say at most. */
  readonly length: number;
  /** A symbol that ends a sequence; it is no part of the result. */
  readonly until?: number;
  /** Symbols that are never said. */
  readonly never?: readonly number[];
  /** greedy(), temperature(0.8), topK(40), nucleus(0.9), beam(4); temperature(1) unless told. */
  readonly sampling?: Sampling | Beam;
  /** Decides every draw; 0 unless told. */
  readonly seed?: number;
}

const known: readonly (keyof ContinueOptions)[] = [
  ...(["start", "length", "until", "never", "sampling", "seed"] as const),
];

/**
 * Symbols one by one, as they are drawn.
 * @throws "bad-argument", "unknown-option"; for a beam, which knows its first symbol at its end
 */
export function* continuing(
  live: Stepping,
  options: ContinueOptions,
): Generator<number, void, void> {
  const { length, until, never = [], sampling = temperature(1), seed = 0 } = checked(options);
  if (sampling.kind === "beam")
    fail("bad-argument", {
      where: "continuing",
      given: `${sampling.name}, which knows its first symbol when it knows its last`,
      expected: "a sampling that says one symbol after the other, or continued(…)",
    });
  const { data: words } = key(seed);
  let logits = told(live, options);
  for (let at = 0; at < length; at++) {
    const [[word]] = threefry(words, DRAWS, 1, at);
    const symbol = drawn(sampling.weights(without(logits, never)), (word >>> 0) / 2 ** 32);
    if (symbol === until) return;
    yield symbol;
    if (at + 1 < length) logits = live.push(symbol).data;
  }
}

/** Second word of the counters of draws. */
const DRAWS = 1;

/**
 * The symbols that follow, as many as `length` or up to `until`.
 * @throws "bad-argument", "unknown-option"
 */
export function continued(live: Stepping, options: ContinueOptions): number[] {
  const { length, until, never = [], sampling } = checked(options);
  if (sampling?.kind !== "beam") return [...continuing(live, options)];
  const logits = without(told(live, options), never);
  const [best] = searched(sampling, {
    first: { state: live.state, logits },
    next(state, symbol) {
      live.reset(state);
      const after = without(live.push(symbol).data, never);
      return { state: live.state, logits: after };
    },
    ends: (symbol) => symbol === until,
    length,
  });
  return [...(best?.symbols ?? [])];
}

/** A model that can be asked for what comes next. */
export interface Speaking<P = any> {
  stream(params: P, options?: Pick<JitOptions, "target"> & { source?: Tensor }): Stepping;
  /** The symbol before the first one, where the model has one. */
  readonly opening?: number;
}

export interface GenerateOptions
  extends Omit<ContinueOptions, "start">,
    Pick<JitOptions, "target"> {
  /** What has been said already; the model's own opening where it has one. */
  readonly start?: number | readonly number[];
  /** What is to be said in other words, [time, …], for an encoder–decoder. */
  readonly source?: Tensor;
}

/**
 * A sequence from a model of symbols.
 *   generate(model, params, { start: [7], until: 0, length: 100, sampling: nucleus(0.9), seed: 1 })
 *   generate(translator, params, { source, until: 0, length: 100, sampling: beam(4) })
 * @returns  the symbols after `start`, without the one that ended them
 * @throws   "bad-argument", "unknown-option"
 */
export function generate<P>(
  model: Speaking<P>,
  params: P,
  { target, source, start = model.opening ?? [], ...options }: GenerateOptions,
): number[] {
  const live = model.stream(params, { target, ...(source && { source }) });
  return continued(live, { start, ...options });
}

function checked(options: ContinueOptions): ContinueOptions {
  checkOptions("generate", options, known);
  const { start, length, until, never = [], sampling } = options;
  const refuse = (option: string, given: unknown, expected: string) =>
    fail("bad-argument", { where: `generate: ${option}`, given: String(given), expected });
  if (!Number.isInteger(length) || length < 0)
    refuse("length", length, "a whole number of symbols");
  if (start === undefined || [start].flat().length === 0)
    refuse("start", "nothing", "a symbol, or several, after which the model goes on");
  for (const [option, symbols] of Object.entries({ start, until: until ?? [], never }))
    for (const symbol of [symbols].flat())
      if (!Number.isInteger(symbol) || symbol < 0)
        refuse(option, JSON.stringify(symbol), "symbols, which are whole numbers from 0");
  if (sampling !== undefined && sampling.kind !== "draw" && sampling.kind !== "beam")
    refuse("sampling", sampling, "greedy(), temperature(0.8), topK(40), nucleus(0.9) or beam(4)");
  return options;
}

/** Tell the model the start, and hear what comes next. */
function told(live: Stepping, { start }: ContinueOptions): Logits {
  let logits: Logits = [];
  for (const symbol of [start].flat()) logits = live.push(symbol as number).data;
  return logits;
}

/** @throws "bad-argument" where nothing is left to be said */
function without(logits: Logits, never: readonly number[]): Logits {
  if (never.length === 0) return logits;
  const left = Float64Array.from(logits, (z, i) => (never.includes(i) ? -Infinity : z));
  if (left.every((z) => z === -Infinity))
    fail("bad-argument", {
      where: "generate: never",
      given: `all ${left.length} symbols`,
      expected: "at least one symbol less",
    });
  return left;
}
