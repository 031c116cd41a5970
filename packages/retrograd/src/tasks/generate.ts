/** Text from a language model: one character at a time, each drawn from what the model expects. */
import { permutation, threefry } from "../data/shuffle.ts";
import { encode } from "../data/vocabulary.ts";
import { fail } from "../errors/tasks.ts";
import type { TargetName } from "../jit/jit.ts";
import { type LanguageConfig, languageModel } from "./language.ts";

export interface GenerateOptions {
  readonly prompt?: string;
  /** Characters to generate. */
  readonly length?: number;
  /** Below 1 the likely becomes likelier; 0 takes the likeliest. */
  readonly temperature?: number;
  readonly seed?: number;
  readonly target?: TargetName;
}

/**
 * Characters one by one, the prompt left out.
 * @throws "prompt-empty", "text-unknown-character", "option-value"
 */
export function* generate(
  config: LanguageConfig,
  params: unknown,
  options: GenerateOptions = {},
): Generator<string, void, void> {
  const { length = 400, temperature = 0.8, seed = 0, target } = options;
  const { prompt = config.opening } = options;
  if (prompt === "") fail("prompt-empty", undefined);
  if (!(temperature >= 0 && temperature < Infinity))
    fail("option-value", {
      ...{ option: "temperature", given: String(temperature) },
      expected: "a number of at least 0",
    });
  const { symbols, unknown } = config.vocabulary;
  const codes = encode(config.vocabulary, prompt, "The prompt");
  const live = languageModel(config).stream(params, { target });
  let logits: ArrayLike<number> = [];
  for (const code of codes) logits = live.push(code).data;
  const uniform = numbers(seed);
  for (let i = 0; i < length; i++) {
    const code = draw(logits, temperature, uniform(i), unknown);
    yield symbols[code];
    logits = live.push(code).data;
  }
}

/** A number in [0, 1) for each place, from a seed. */
function numbers(seed: number): (place: number) => number {
  permutation(1, seed); // checks the seed
  const key: [number, number] = [Math.floor(seed / 2 ** 32), seed >>> 0];
  return (place) => (threefry(key, [place, 1])[0] >>> 0) / 2 ** 32;
}

/** An index with probability softmax(logits / temperature); never that of the unknown symbol. */
export function draw(
  logits: ArrayLike<number>,
  temperature: number,
  uniform: number,
  never: number | null = null,
): number {
  let best = -1;
  for (let i = 0; i < logits.length; i++)
    if (i !== never && (best < 0 || logits[i] > logits[best])) best = i;
  if (temperature === 0) return best;
  const weights = Array.from(logits, (z, i) =>
    i === never ? 0 : Math.exp((z - logits[best]) / temperature),
  );
  let left = uniform * weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return best;
}
