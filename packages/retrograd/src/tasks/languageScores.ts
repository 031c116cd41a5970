/**
 * Bits per character: what a language model pays for each character of a text it has not learned
 * from, beside what counting single characters, and pairs of them, would pay.
 */
import type { Codes } from "../data/characters.ts";
import type { TargetName } from "../jit/jit.ts";
import { evaluate } from "../train/evaluate.ts";
import { crossEntropy } from "../train/losses/crossEntropy.ts";
import { truncated } from "../train/methods/truncated.ts";
import { type Counts, countedBits } from "./counts.ts";
import { type LanguageConfig, languageModel, textSource } from "./language.ts";

export interface LanguageScores {
  readonly task: "language";
  /** Characters that were forecast. */
  readonly characters: number;
  /** Bits per character of the model and of the counts that cost nothing. */
  readonly scores: readonly { readonly method: string; readonly bits: number }[];
  readonly beatsBaselines: boolean;
}

/** Score a language model on the codes of a text. */
export async function scoreLanguage(
  config: LanguageConfig,
  params: unknown,
  codes: Codes,
  counts: Counts,
  target?: TargetName,
): Promise<LanguageScores> {
  const model = languageModel(config);
  const data = textSource(codes, config);
  const method = truncated({ window: config.window });
  const found = await evaluate({ model, params, data, method, loss: crossEntropy(), target });
  const counted = countedBits(counts, codes);
  const scores = [
    { method: config.network.cell.toUpperCase(), bits: found.loss / Math.LN2 },
    { method: "pairs of characters", bits: counted.pairs },
    { method: "single characters", bits: counted.single },
  ];
  const [own, ...others] = scores;
  const beatsBaselines = others.every(({ bits }) => own.bits < bits);
  return { task: "language", characters: codes.length - 1, scores, beatsBaselines };
}
