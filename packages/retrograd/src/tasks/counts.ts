/**
 * What counting alone knows about a text: how often each character occurs, and what follows it. It
 * costs nothing, so a language model has to do better.
 */
import { type Codes, piecesOf } from "../data/characters.ts";

/** Counts of single characters and of pairs in the training part, as bits on another text. */
export interface Counts {
  readonly single: readonly number[];
  /** Sparse rows: for each character, counts of the ones after it. */
  readonly pairs: readonly Readonly<Record<string, number>>[];
}

/** Vocabularies whose pairs are counted in a table: of 8 MB at most. */
const DENSE = 1 << 10;

/** @param size  characters of the vocabulary */
export function countCharacters(codes: Codes, size: number): Counts {
  const single = new Array<number>(size).fill(0);
  const pairs = Array.from({ length: size }, () => ({}) as Record<string, number>);
  const table = size <= DENSE ? new Float64Array(size * size) : undefined;
  let before = -1;
  for (const piece of piecesOf(codes))
    for (let i = 0; i < piece.length; i++) {
      const code = piece[i];
      single[code]++;
      if (before >= 0 && table) table[before * size + code]++;
      else if (before >= 0) pairs[before][code] = (pairs[before][code] ?? 0) + 1;
      before = code;
    }
  table?.forEach((count, at) => {
    if (count > 0) pairs[Math.floor(at / size)][at % size] = count;
  });
  return { single, pairs };
}

/**
 * Bits per character of counted characters and pairs; every count begins at one, in the pairs in
 * proportion to the single ones.
 */
export function countedBits({ single, pairs }: Counts, codes: Codes) {
  const total = single.reduce((a, b) => a + b, 0) + single.length;
  const alone = single.map((n) => (n + 1) / total);
  const rows = pairs.map((row) => Object.values(row).reduce((a, b) => a + b, 0));
  let [one, two] = [0, 0];
  let before = -1;
  for (const piece of piecesOf(codes))
    for (const code of piece) {
      if (before >= 0) {
        one -= Math.log2(alone[code]);
        two -= Math.log2(((pairs[before][code] ?? 0) + alone[code]) / (rows[before] + 1));
      }
      before = code;
    }
  const count = Math.max(1, codes.length - 1);
  return { single: one / count, pairs: two / count };
}
