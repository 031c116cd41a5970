/**
 * A vocabulary gives each character (Unicode code point) of the training text a number. It is plain
 * data; a character it has never seen is an error that names it, or the unknown symbol if it has
 * one.
 */
import { fail } from "../errors/data.ts";

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
 * @param options `unknown`: keep a symbol for characters that are not in the text, or that occur
 *                fewer than `minimum` times
 * @throws "text-empty"
 */
export function buildVocabulary(
  text: string,
  { unknown = false, minimum = 1 }: { unknown?: boolean; minimum?: number } = {},
): Vocabulary {
  if (text === "") fail("text-empty", { file: "the training text" });
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const kept = [...counts]
    .filter(([character, count]) => !unknown || (count >= minimum && character !== REPLACEMENT))
    .map(([character]) => character)
    .sort((a, b) => Number(a.codePointAt(0)) - Number(b.codePointAt(0)));
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
  const numbers = new Map(vocabulary.symbols.map((symbol, number) => [symbol, number]));
  const codes = new Int32Array(text.length);
  let [position, line] = [0, 1];
  for (const character of text) {
    const number = numbers.get(character) ?? vocabulary.unknown;
    if (number === null)
      fail("text-unknown-character", {
        file,
        character,
        position,
        line,
        size: vocabulary.symbols.length,
      });
    codes[position++] = number;
    if (character === "\n") line++;
  }
  return codes.slice(0, position);
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
