/** A report of checks line by line, as people read it: what was asked, how it stands, a cure. */
import type { CheckReport } from "./check.ts";

export interface ReportLine {
  readonly mark: "fine" | "warning" | "fault";
  /** What it is about, in a word: "gradient", "look-ahead". */
  readonly what: string;
  readonly text: string;
  /** What to do about it. */
  readonly cure?: string;
}

/** The lines of a report: weights, units, gradient, behaviour, window. */
export const linesOf = (report: CheckReport): ReportLine[] => [
  ...healthLines(report),
  ...gradientLines(report),
  ...behaviourLines(report),
  ...(report.truncation
    ? [{ mark: "fine", what: "window", text: report.truncation.sentence } as const]
    : []),
];

function healthLines({ health }: CheckReport): ReportLine[] {
  const { findings, parameters, states } = health;
  if (findings.length > 0)
    return findings.map(({ code, severity, sentence, cure }) => ({
      mark: severity,
      what: code === "weights-not-finite" ? "weights" : "units",
      ...{ text: sentence, cure },
    }));
  const units = states.reduce((n, { units: own }) => n + own, 0);
  const alive = units > 0 ? `; all ${units.toLocaleString("en")} units of its states move` : "";
  const text = `${parameters.toLocaleString("en")} numbers, all of them finite${alive}.`;
  return [{ mark: "fine", what: "weights", text }];
}

const gradientLines = ({ certificate }: CheckReport): ReportLine[] =>
  certificate
    ? [
        {
          mark: certificate.agrees ? "fine" : "fault",
          what: "gradient",
          text: certificate.sentence,
        },
      ]
    : [];

function behaviourLines({ lint }: CheckReport): ReportLine[] {
  if (!lint) return [];
  const broken = lint.findings.map(
    ({ severity, code, sentence, cure }): ReportLine => ({
      ...{ mark: severity, what: code, text: sentence, cure },
    }),
  );
  const kept = lint.kept.map(({ virtue }) => virtue).join(", ");
  if (kept === "") return broken;
  return [...broken, { mark: "fine", what: "behaviour", text: `${capital(kept)}.` }];
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

const SIGNS = { fine: "✓", warning: "!", fault: "✗" } as const;

/** A report as plain text: `console.log(showReport(check(model)))`. */
export const showReport = (report: CheckReport): string =>
  linesOf(report)
    .map(({ mark, what, text, cure }) => {
      const line = `${SIGNS[mark]} ${what.padEnd(14)}${text}`;
      return cure === undefined ? line : `${line}\n${" ".repeat(16)}${cure}`;
    })
    .join("\n");
