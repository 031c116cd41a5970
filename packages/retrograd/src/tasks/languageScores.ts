/**
 * Bits per character: what a language model pays for each character of a text it has not learned
 * from, beside what counting single characters, and pairs of them, would pay.
 */
import type { TargetName } from "../jit/jit.ts";
import { evaluate } from "../train/evaluate.ts";
import { crossEntropy } from "../train/losses/crossEntropy.ts";
import { truncated } from "../train/methods/truncated.ts";
import { type LanguageConfig, languageModel, textSource } from "./language.ts";

export interface LanguageScores {
  readonly task: "language";
  /** Characters that were forecast. */
  readonly characters: number;
  /** Bits per character of the model and of the counts that cost nothing. */
  readonly scores: readonly { readonly method: string; readonly bits: number }[];
  readonly beatsBaselines: boolean;
}

/** Counts of single characters and of pairs in the training part, as bits on another text. */
export interface Counts {
  readonly single: readonly number[];
  /** Sparse rows: for each character, counts of the ones after it. */
  readonly pairs: readonly Readonly<Record<string, number>>[];
}

export function countCharacters(codes: Int32Array, size: number): Counts {
  const single = new Array<number>(size).fill(0);
  const pairs = Array.from({ length: size }, () => ({}) as Record<string, number>);
  codes.forEach((code, i) => {
    single[code]++;
    if (i > 0) pairs[codes[i - 1]][code] = (pairs[codes[i - 1]][code] ?? 0) + 1;
  });
  return { single, pairs };
}

/**
 * Bits per character of counted characters and pairs; every count begins at one, in the pairs in
 * proportion to the single ones.
 */
export function countedBits({ single, pairs }: Counts, codes: Int32Array) {
  const total = single.reduce((a, b) => a + b, 0) + single.length;
  const alone = single.map((n) => (n + 1) / total);
  const rows = pairs.map((row) => Object.values(row).reduce((a, b) => a + b, 0));
  let [one, two] = [0, 0];
  for (let i = 1; i < codes.length; i++) {
    const [before, code] = [codes[i - 1], codes[i]];
    one -= Math.log2(alone[code]);
    two -= Math.log2(((pairs[before][code] ?? 0) + alone[code]) / (rows[before] + 1));
  }
  const count = Math.max(1, codes.length - 1);
  return { single: one / count, pairs: two / count };
}

/** Score a language model on the codes of a text. */
export async function scoreLanguage(
  config: LanguageConfig,
  params: unknown,
  codes: Int32Array,
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
