/** What the checks found, on a terminal: a line for each question, and the verdict last. */
import { type CheckReport, linesOf, type TruncationReport } from "retrograd/check";
import { table, wrap } from "./columns.ts";
import { count, fixed, plural } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

type Paint = Terminal["paint"];

const SIGNS = { fine: "✓", warning: "!", fault: "✗", unknown: "–" } as const;
const COLOURS = { fine: "green", warning: "yellow", fault: "red", unknown: "yellow" } as const;
/** What stands below the text of a line. */
const INDENT = " ".repeat(18);

/** What is known besides. */
export interface Beside {
  /** Why no window was measured. */
  readonly note?: string;
  /** The window that the model learned in. */
  readonly window?: number;
}

export function checkText(report: CheckReport, terminal: Terminal, beside: Beside = {}): string {
  const { paint, columns } = terminal;
  const width = Math.min(columns, 100);
  const line = (mark: keyof typeof SIGNS, what: string, text: string, cure = "") => {
    const [first, ...rest] = wrap(text, width, INDENT).split("\n");
    const head = `  ${paint(COLOURS[mark], SIGNS[mark])} ${what.padEnd(14)}${first.trimStart()}`;
    return [head, ...rest, ...(cure ? [paint("dim", wrap(cure, width, INDENT))] : [])].join("\n");
  };
  const { truncation } = report;
  const learned = truncation && learnedIn(truncation, beside.window);
  const lines = linesOf(report).map(({ mark, what, text, cure }) =>
    what === "window" && learned
      ? line(learned.short ? "warning" : mark, what, `${text} ${learned.text}`)
      : line(mark, what, text, cure),
  );
  if (truncation) lines.push("", windowTable(truncation, paint));
  else if (beside.note) lines.push(line("unknown", "window", beside.note));
  return [...lines, "", verdict(report, paint)].join("\n");
}

/** How the window that a model learned in stands to what its gradient needs. */
function learnedIn({ windows, recommended }: TruncationReport, window: number | undefined) {
  const own = windows.find((report) => report.window === window);
  if (!own) return undefined;
  const short = own.window < recommended;
  const lost = `, which leave ${Math.round(100 * own.error.mean)} %: train with --window ${recommended}`;
  return { short, text: `It learned in windows of ${own.window}${short ? lost : ""}.` };
}

function windowTable({ windows, time }: TruncationReport, paint: Paint): string {
  const head = ["window", "cosine", "±", "error", "±", "bias"];
  const rows = windows
    .filter(({ window }) => window < time)
    .map(({ window, cosine, error, bias }) => [
      count(window),
      fixed(cosine.mean, 3),
      fixed(cosine.high - cosine.mean, 3),
      fixed(error.mean, 3),
      fixed(error.high - error.mean, 3),
      fixed(bias, 3),
    ]);
  const text = table(head, rows, (row, own) => (row < 0 ? paint("dim", own) : own));
  return text.replace(/^/gm, INDENT.slice(2));
}

function verdict(report: CheckReport, paint: Paint): string {
  if (!report.sound) return `  ${paint("red", "✗")} ${report.sentence}`;
  const warnings = linesOf(report).filter(({ mark }) => mark === "warning").length;
  return warnings > 0
    ? `  ${paint("yellow", "!")} No fault; ${plural(warnings, "warning")} to look at.`
    : `  ${paint("green", "✓")} Nothing is wrong with this model.`;
}
