/**
 * A vocabulary gives each character (Unicode code point) of the training text a number. It is plain
 * data; a character it has never seen is an error that names it, or the unknown symbol if it has
 * one.
 */
import { fail } from "../errors/data.ts";
import { type Codes, charactersOf, countPoints, piecesOf } from "./characters.ts";

export interface Vocabulary {
  kind: "characters";
  /**
   * Characters by number, in order of their code points, after the unknown symbol if there is one.
   */
  symbols: string[];
  /** Number that stands for every other character, or null: they are errors. */
  unknown: number | null;
}

/** What the unknown symbol is decoded to. */
const REPLACEMENT = "\uFFFD";

/**
 * The vocabulary of a text: build it from the training part only.
 * @param text    the text, or its code points, which are gone through once
 * @param options `unknown`: keep a symbol for characters that are not in the text, or that occur
 *                fewer than `minimum` times
 * @throws "text-empty"
 */
export function buildVocabulary(
  text: string | Codes,
  options: { unknown?: boolean; minimum?: number } = {},
): Vocabulary {
  if (text.length === 0) fail("text-empty", { file: "the training text" });
  return vocabularyOf(countPoints(typeof text === "string" ? charactersOf(text) : text), options);
}

/** The vocabulary of counted code points, which stand in order. */
export function vocabularyOf(
  counts: ReadonlyMap<number, number>,
  { unknown = false, minimum = 1 }: { unknown?: boolean; minimum?: number } = {},
): Vocabulary {
  const kept = [...counts]
    .map(([point, count]) => [String.fromCodePoint(point), count] as const)
    .filter(([character, count]) => !unknown || (count >= minimum && character !== REPLACEMENT))
    .map(([character]) => character);
  return {
    kind: "characters",
    symbols: unknown ? [REPLACEMENT, ...kept] : kept,
    unknown: unknown ? 0 : null,
  };
}

/**
 * The numbers of a text's characters.
 * @returns [characters]
 * @throws "text-unknown-character" for one that the vocabulary lacks, if it has no unknown symbol
 */
export function encode(vocabulary: Vocabulary, text: string, file = "the text"): Int32Array {
  const codes = encoded(vocabulary, charactersOf(text), file);
  return codes.subarray(0, codes.length);
}

/**
 * The numbers of characters, looked up when they are read.
 * @param characters code points
 * @throws when they are read: "text-unknown-character", as `encode` does
 */
export function encoded(vocabulary: Vocabulary, characters: Codes, file = "the text"): Codes {
  const { symbols, unknown } = vocabulary;
  const points = symbols.map((symbol) => symbol.codePointAt(0)!);
  const numbers = new Int32Array(points.reduce((a, b) => Math.max(a, b), 0) + 1).fill(
    unknown ?? -1,
  );
  points.forEach((point, number) => {
    numbers[point] = number;
  });
  return {
    length: characters.length,
    subarray(from, to) {
      const points = characters.subarray(from, to);
      const codes = new Int32Array(points.length);
      for (let i = 0; i < codes.length; i++) codes[i] = numbers[points[i]] ?? unknown ?? -1;
      const stray = unknown === null ? codes.indexOf(-1) : -1;
      return stray < 0 ? codes : refuseCharacter(characters, from + stray, symbols.length, file);
    },
  };
}

/** Here the line is worth counting. */
function refuseCharacter(characters: Codes, position: number, size: number, file: string): never {
  const [point] = characters.subarray(position, position + 1);
  let [line, left] = [1, position];
  for (const piece of piecesOf(characters)) {
    for (const before of piece.subarray(0, left)) if (before === 10) line++;
    left = Math.max(0, left - piece.length);
    if (left === 0) break;
  }
  return fail("text-unknown-character", {
    ...{ file, character: String.fromCodePoint(point), position, line, size },
  });
}

/**
 * The text of some numbers; the inverse of `encode`.
 * @throws "text-unknown-code" for a number outside the vocabulary
 */
export function decode(vocabulary: Vocabulary, codes: ArrayLike<number>): string {
  const { symbols } = vocabulary;
  return Array.from(codes, (code) => {
    const symbol = symbols[code];
    return symbol ?? fail("text-unknown-code", { code, size: symbols.length });
  }).join("");
}

/**
 * A vocabulary from parsed JSON, checked.
 * @throws "vocabulary-damaged"
 */
export function readVocabulary(json: unknown): Vocabulary {
  const damaged = (reason: string) => fail("vocabulary-damaged", { reason });
  const { kind, symbols, unknown } = (json ?? {}) as Partial<Vocabulary>;
  if (kind !== "characters") return damaged(`kind is ${JSON.stringify(kind)}, not "characters"`);
  if (!Array.isArray(symbols) || symbols.length === 0)
    return damaged("symbols is not a list of characters");
  const stray = symbols.findIndex((one) => typeof one !== "string" || [...one].length !== 1);
  if (stray >= 0)
    return damaged(`symbol ${stray} is ${JSON.stringify(symbols[stray])}, not one character`);
  if (new Set(symbols).size < symbols.length) return damaged("a symbol occurs twice");
  const inside =
    Number.isInteger(unknown) && Number(unknown) >= 0 && Number(unknown) < symbols.length;
  if (unknown !== null && !inside)
    return damaged(`unknown is ${JSON.stringify(unknown)}, neither null nor a symbol's number`);
  return { kind, symbols, unknown: unknown ?? null };
}
