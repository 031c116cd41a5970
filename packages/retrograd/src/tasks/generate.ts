/**
 * Text from a language model: one character at a time, each drawn from what the model expects, or
 * the likeliest text that a search finds.
 */
import { permutation } from "../data/shuffle.ts";
import { encode } from "../data/vocabulary.ts";
import { fail } from "../errors/tasks.ts";
import type { TargetName } from "../jit/jit.ts";
import { type Beam, beam as beamOf } from "../layers/generation/beam.ts";
import { continued, continuing } from "../layers/generation/generate.ts";
import {
  greedy,
  temperature as heated,
  nucleus as nucleusOf,
  type Sampling,
} from "../layers/generation/sampling.ts";
import { type LanguageConfig, languageModel } from "./language.ts";

export interface GenerateOptions {
  readonly prompt?: string;
  /** Characters to generate. */
  readonly length?: number;
  /** Below 1 the likely becomes likelier; 0 takes the likeliest. */
  readonly temperature?: number;
  /** Draws only from the likeliest characters that together have this share; all, unless told. */
  readonly nucleus?: number;
  /** Draws nothing: keeps so many texts at a time, and gives the likeliest that it finds. */
  readonly beam?: number;
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
  const { length = 400, seed = 0, target, prompt = config.opening } = options;
  if (prompt === "") fail("prompt-empty", undefined);
  const sampling = samplingOf(options);
  permutation(1, seed); // checks the seed
  const { symbols, unknown } = config.vocabulary;
  const start = encode(config.vocabulary, prompt, "The prompt");
  const live = languageModel(config).stream(params, { target });
  const never = unknown === null ? [] : [unknown];
  const said = { start: [...start], length, sampling, seed, never };
  for (const code of sampling.kind === "beam" ? continued(live, said) : continuing(live, said))
    yield symbols[code];
}

function check(option: string, given: number, holds: boolean, expected: string): void {
  if (!holds) fail("option-value", { option, given: String(given), expected });
}

/** How characters are chosen. @throws "option-value" */
function samplingOf(options: GenerateOptions): Sampling | Beam {
  const { temperature: heat = 0.8, nucleus, beam } = options;
  check("temperature", heat, heat >= 0 && heat < Infinity, "a number of at least 0");
  if (nucleus !== undefined)
    check("nucleus", nucleus, nucleus > 0 && nucleus <= 1, "a share above 0 and at most 1");
  if (beam !== undefined) {
    check("beam", beam, Number.isInteger(beam) && beam >= 1, "a whole number of at least 1");
    for (const name of ["temperature", "nucleus"] as const)
      if (options[name] !== undefined)
        check(name, options[name], false, "part in draws, and a beam draws nothing");
    return beamOf(beam);
  }
  if (heat === 0) return greedy();
  return nucleus === undefined ? heated(heat) : nucleusOf(nucleus, { temperature: heat });
}
