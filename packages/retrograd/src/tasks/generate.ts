/** Text from a language model: one character at a time, each drawn from what the model expects. */
import { permutation } from "../data/shuffle.ts";
import { encode } from "../data/vocabulary.ts";
import { fail } from "../errors/tasks.ts";
import type { TargetName } from "../jit/jit.ts";
import { continuing } from "../layers/generation/generate.ts";
import { greedy, temperature as heated } from "../layers/generation/sampling.ts";
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
  permutation(1, seed); // checks the seed
  const { symbols, unknown } = config.vocabulary;
  const start = encode(config.vocabulary, prompt, "The prompt");
  const live = languageModel(config).stream(params, { target });
  const sampling = temperature === 0 ? greedy() : heated(temperature);
  const never = unknown === null ? [] : [unknown];
  for (const code of continuing(live, { start: [...start], length, sampling, seed, never }))
    yield symbols[code];
}
