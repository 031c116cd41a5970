/**
 * What RFC 4180 leaves open, read off the file itself: which sign separates cells, which sign marks
 * decimals, and whether the first row names the columns. Each is a guess from the first rows that
 * `parseCsv` reports and that its options overrule.
 */

import { isMissing, parseNumber } from "./cells.ts";
import { parseDates } from "./dates.ts";

export type Separator = "," | ";" | "\t";

const SEPARATORS: readonly Separator[] = ["\t", ";", ","];
const SAMPLE = 50;

/**
 * The first separator found equally often in each of the first lines, else the commonest of line 1.
 */
export function detectSeparator(text: string): Separator {
  let best: Separator = ",";
  let most = 0;
  for (const separator of SEPARATORS) {
    const counts = countPerRecord(text, separator);
    if (counts[0] > 0 && counts.every((count) => count === counts[0])) return separator;
    if (counts[0] > most) {
      best = separator;
      most = counts[0];
    }
  }
  return best;
}

/** A comma, where some cell reads like 1,5 and none like 1.5. */
export function detectDecimal(rows: readonly string[][]): "." | "," {
  let comma = false;
  for (const row of rows)
    for (const cell of row) {
      if (/^\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*$/.test(cell)) return ".";
      comma ||= /^\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*$/.test(cell);
    }
  return comma ? "," : ".";
}

/**
 * Whether the first row names the columns: some column's first cell is words over numbers or dates,
 * or is empty over a rising index (as data frames write it). A file of words only has a header if
 * its first row holds different, non-empty names.
 */
export function hasHeader(rows: readonly string[][], decimal: "." | ","): boolean {
  const [first, ...rest] = rows.slice(0, SAMPLE + 1);
  const columns = first.map((_, c) => rest.map((row) => row[c]).filter((cell) => !isMissing(cell)));
  const typed = columns.map((cells) => cells.length > 0 && isTyped(cells, decimal));
  const names = first.some(
    (cell, c) => !isMissing(cell) && !isTyped([cell], decimal) && (typed[c] || rest.length === 0),
  );
  if (names) return true;
  if (first.every((cell) => !isMissing(cell) && !isTyped([cell], decimal)))
    return new Set(first).size === first.length && !typed.some(Boolean);
  const index = first[0].trim() === "" && typed[0] && columns[0].length === rest.length;
  return index && first.length > 1 && rising(columns[0]);
}

/** Whether all cells are numbers, or all are dates of one form. */
function isTyped(cells: readonly string[], decimal: "." | ","): boolean {
  return cells.every((cell) => parseNumber(cell, decimal) !== null) || parseDates(cells).length > 0;
}

function rising(cells: readonly string[]): boolean {
  return cells.every((cell, r) => {
    if (r === 0) return true;
    const [before, now] = [cells[r - 1], cell].map((text) => parseNumber(text, "."));
    return before === null || now === null ? cells[r - 1] < cell : before < now;
  });
}

/** How often `separator` stands outside quotes, for each of the first records that is not blank. */
function countPerRecord(text: string, separator: string): number[] {
  const counts: number[] = [];
  let quoted = false;
  let count = 0;
  let start = 0;
  for (let at = 0; at <= text.length && counts.length < SAMPLE; at++) {
    const sign = text[at];
    if (sign === '"') quoted = !quoted;
    if (quoted && sign !== undefined) continue;
    if (sign === separator) count++;
    if (sign !== "\n" && sign !== "\r" && sign !== undefined) continue;
    if (at > start) counts.push(count);
    count = 0;
    start = at + 1;
  }
  return counts.length ? counts : [0];
}
