/**
 * What one cell of a table means by itself: a number, or nothing. Numbers are read strictly (no
 * currency, no thousands marks, finite), so that a stray sign becomes a message and not a NaN.
 */

/** Cells that stand for "no value", compared without case and without surrounding blanks. */
export const MISSING_MARKERS: readonly string[] = [
  "",
  "na",
  "n/a",
  "nan",
  "null",
  "none",
  ".",
  "?",
];

/** Whether a cell is a missing marker; `markers` are in lower case. */
export function isMissing(cell: string, markers: readonly string[] = MISSING_MARKERS): boolean {
  return cell.length < 24 && markers.includes(cell.trim().toLowerCase());
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The finite number a cell spells, or null. */
export function parseNumber(cell: string, decimal: "." | ","): number | null {
  let text = cell.trim();
  if (decimal === ",") {
    if (text.includes(".")) return null;
    text = text.replace(",", ".");
  }
  if (!NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
