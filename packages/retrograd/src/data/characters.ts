/**
 * Characters as numbers, read in pieces: what a text is to everything that learns from it. An
 * `Int32Array` is one as it stands; a file larger than memory is one that reads what it is asked
 * for. Nobody who holds `Codes` knows which.
 */

/** Numbers of characters, or their code points, that can be read from any place. */
export interface Codes {
  /** Characters. */
  readonly length: number;
  /** Those of [from, to), 0 ≤ from ≤ to ≤ length; not to be written to. */
  subarray(from: number, to: number): Int32Array;
}

/** Characters that are gone through at a time. */
const PIECE = 1 << 16;

/** The code points of a text; a half of a pair that stands alone is a character too. */
export function charactersOf(text: string): Int32Array {
  const points = new Int32Array(text.length);
  let count = 0;
  for (const character of text) points[count++] = character.codePointAt(0)!;
  return points.subarray(0, count);
}

/** The text of code points; the inverse of `charactersOf`. */
export function textOf(points: Int32Array): string {
  let text = "";
  for (const point of points) text += String.fromCodePoint(point);
  return text;
}

/** The characters of [from, to), without reading them. */
export const rangeOf = (codes: Codes, from: number, to: number): Codes => ({
  length: to - from,
  subarray: (start, end) => codes.subarray(from + start, from + end),
});

/** All characters in order, some at a time. */
export function* piecesOf(codes: Codes): Iterable<Int32Array> {
  for (let at = 0; at < codes.length; at += PIECE)
    yield codes.subarray(at, Math.min(at + PIECE, codes.length));
}

/** Whether there is nothing but blanks. */
export function isBlank(characters: Codes): boolean {
  for (const piece of piecesOf(characters)) if (textOf(piece).trim() !== "") return false;
  return true;
}

/** Code points that are counted in an array; the others are rarer, and counted in a map. */
const COMMON = 1 << 10;

/** How often each code point occurs, in the order of code points. */
export function countPoints(characters: Codes): Map<number, number> {
  const common = new Float64Array(COMMON);
  const others = new Map<number, number>();
  for (const piece of piecesOf(characters))
    for (let i = 0; i < piece.length; i++) {
      const point = piece[i];
      if (point < COMMON) common[point]++;
      else others.set(point, (others.get(point) ?? 0) + 1);
    }
  const found = [...common.entries()].filter(([, count]) => count > 0);
  return new Map([...found, ...[...others].sort(([a], [b]) => a - b)]);
}
