/** What the checks found, as people read it: a line for each question, worst first in the last. */
import type { CheckReport, TruncationReport } from "retrograd/check";
import { table, wrap } from "./columns.ts";
import { count, fixed, plural } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

/** How something stands. */
type Mark = "fine" | "warning" | "fault" | "unknown";
const SIGNS = { fine: "✓", warning: "!", fault: "✗", unknown: "–" } as const;
const COLOURS = { fine: "green", warning: "yellow", fault: "red", unknown: "yellow" } as const;

/** What is known besides: why no window was measured, and the window that the model learned in. */
export interface Beside {
  readonly note?: string;
  readonly window?: number;
}

/** What stands below the text of a line. */
const INDENT = " ".repeat(18);

export function checkText(report: CheckReport, terminal: Terminal, beside: Beside = {}): string {
  const { paint } = terminal;
  const width = Math.min(terminal.columns, 100);
  const line = (mark: Mark, what: string, text: string) => {
    const [first, ...rest] = wrap(text, width, INDENT).split("\n");
    const head = `  ${paint(COLOURS[mark], SIGNS[mark])} ${what.padEnd(14)}${first.trimStart()}`;
    return [head, ...rest].join("\n");
  };
  const cure = (text: string) => paint("dim", wrap(text, width, INDENT));
  const { truncation } = report;
  const lines = [
    ...weights(report, line, cure),
    ...gradient(report, line),
    ...promises(report, line, cure),
    ...windows(truncation, beside, line, paint),
  ];
  return [...lines, "", verdict(report, terminal)].join("\n");
}

type Line = (mark: Mark, what: string, text: string) => string;
type Cure = (text: string) => string;

function windows(
  truncation: TruncationReport | undefined,
  { note, window }: Beside,
  line: Line,
  paint: Terminal["paint"],
): string[] {
  if (!truncation) return note ? [line("unknown", "window", note)] : [];
  const own = truncation.windows.find((report) => report.window === window);
  const short = own !== undefined && own.window < truncation.recommended;
  const learned = own
    ? ` It learned in windows of ${own.window}${short ? `, which leave ${Math.round(100 * own.error.mean)} %: train with --window ${truncation.recommended}` : ""}.`
    : "";
  const text = `${truncation.sentence}${learned}`;
  return [line(short ? "warning" : "fine", "window", text), "", windowTable(truncation, paint)];
}

function weights({ health }: CheckReport, line: Line, cure: Cure): string[] {
  const { findings, parameters, states } = health;
  if (findings.length > 0)
    return findings.flatMap(({ code, severity, sentence, cure: what }) => [
      line(severity, code === "weights-not-finite" ? "weights" : "units", sentence),
      cure(what),
    ]);
  const units = states.reduce((n, { units: own }) => n + own, 0);
  const alive = units > 0 ? `; all ${plural(units, "unit")} of its states move` : "";
  return [line("fine", "weights", `${count(parameters)} numbers, all of them finite${alive}.`)];
}

const gradient = ({ certificate }: CheckReport, line: Line): string[] =>
  certificate
    ? [line(certificate.agrees ? "fine" : "fault", "gradient", certificate.sentence)]
    : [];

function promises({ lint }: CheckReport, line: Line, cure: Cure): string[] {
  if (!lint) return [];
  const broken = lint.findings.flatMap(({ severity, code, sentence, cure: what }) => [
    line(severity, code, sentence),
    cure(what),
  ]);
  const kept = lint.kept.map(({ virtue }) => virtue).join(", ");
  return [...broken, ...(kept ? [line("fine", "behaviour", `${capital(kept)}.`)] : [])];
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

function windowTable({ windows, time }: TruncationReport, paint: Terminal["paint"]): string {
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

function verdict({ sound, sentence, lint, health }: CheckReport, { paint }: Terminal): string {
  if (!sound) return `  ${paint("red", "✗")} ${sentence}`;
  const all = [...(lint?.findings ?? []), ...health.findings];
  const warnings = all.filter(({ severity }) => severity === "warning").length;
  return warnings > 0
    ? `  ${paint("yellow", "!")} No fault; ${plural(warnings, "warning")} to look at.`
    : `  ${paint("green", "✓")} Nothing is wrong with this model.`;
}
