/** A table of text: the first column to the left, the others to the right. */

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: (row: number, text: string) => string = (_, text) => text,
): string {
  const all = [head, ...rows];
  const widths = head.map((_, c) => Math.max(...all.map((row) => [...(row[c] ?? "")].length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, c) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c])))
      .join("   ")
      .trimEnd();
  return all.map((row, r) => paint(r - 1, `  ${line(row)}`)).join("\n");
}

/** Text in lines of at most `width` characters, each begun by `indent`. */
export function wrap(text: string, width: number, indent = "  "): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length > indent.length && line.length + word.length + 1 > width) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
