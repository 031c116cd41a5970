/**
 * What a file is: a table, a Parquet file, or a text. The name's ending decides where it is known;
 * otherwise the first lines do, and the reason is said.
 */
import { isMissing, parseNumber } from "../data/cells.ts";
import { detectSeparator } from "../data/dialect.ts";

export type FileKind = "table" | "parquet" | "text";
export interface Sniffed {
  readonly kind: FileKind;
  /** Why, as the end of a sentence: "its name ends in .csv". */
  readonly because: string;
}

const TABLES = [".csv", ".tsv", ".tab"];
const PARQUET = [".parquet", ".pq"];

/**
 * @param name  of the file
 * @param head  its first characters, or all of them
 */
export function sniff(name: string, head: string): Sniffed {
  const ending = /\.[a-z]+$/i.exec(name)?.[0].toLowerCase() ?? "";
  if (head.startsWith("PAR1")) return { kind: "parquet", because: "it begins as Parquet does" };
  if (TABLES.includes(ending)) return { kind: "table", because: `its name ends in ${ending}` };
  if (PARQUET.includes(ending)) return { kind: "parquet", because: `its name ends in ${ending}` };
  return looksTabular(head)
    ? { kind: "table", because: "its lines have the same number of cells, with numbers in them" }
    : { kind: "text", because: "its lines are not rows of a table" };
}

/** Whether the first lines are rows of one length, and one column below the first is of numbers. */
function looksTabular(head: string): boolean {
  const lines = head.split(/\r\n|\r|\n/).slice(0, 30);
  if (lines.length > 2) lines.pop(); // it may be cut
  const full = lines.filter((line) => line.trim() !== "");
  if (full.length < 3) return false;
  const rows = full.map((line) => line.split(detectSeparator(head)));
  const width = rows[0].length;
  if (width < 2 || rows.some((row) => row.length !== width)) return false;
  const below = rows.slice(1);
  return rows[0].some((_, c) =>
    below.every((row) => isMissing(row[c]) || parseNumber(row[c], ".") !== null),
  );
}
