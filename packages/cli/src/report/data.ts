/** What a report is made of: plain data, so that a report can be drawn again without the model. */
import type {
  ForecastConfig,
  ForecastScores,
  Future,
  LanguageConfig,
  LanguageScores,
  Reach,
  ReachSummary,
} from "retrograd/tasks";
import type { PartName } from "../show/judged.ts";

/** Forecasts of the judged part that do not overlap, one row for each step. */
export interface Examples {
  readonly series: string;
  readonly target: string;
  /** What was observed, from a while before that part: milliseconds or numbers. */
  readonly actual: readonly { readonly time: number; readonly value: number }[];
  readonly forecasts: readonly {
    readonly time: number;
    /** Number of the window, from 0, and step within it, from 1. */
    readonly window: number;
    readonly step: number;
    readonly model: number;
    readonly baseline: number;
    /** NaN where it was not observed. */
    readonly actual: number;
  }[];
  /** Name of the baseline. */
  readonly baseline: string;
}

export interface Sample {
  readonly temperature: number;
  readonly prompt: string;
  readonly text: string;
}

interface Common {
  readonly source: string;
  /** The part that scores, forecasts and the gradient's reach are of. */
  readonly judged: PartName;
  readonly notes: readonly string[];
  /** Lines of metrics.jsonl. */
  readonly metrics: readonly any[];
  readonly reaches: readonly Reach[];
  readonly reach: ReachSummary;
  /** What the compiler made of the training step. */
  readonly program: string;
}

export interface ForecastReport extends Common {
  readonly task: "forecast";
  readonly config: ForecastConfig;
  readonly scores: ForecastScores;
  readonly futures: readonly Future[];
  readonly examples: Examples;
  readonly isDate: boolean;
}

export interface LanguageReport extends Common {
  readonly task: "language";
  readonly config: LanguageConfig;
  readonly scores: LanguageScores;
  readonly samples: readonly Sample[];
}

export type ReportData = ForecastReport | LanguageReport;

type CommonLate = "source" | "notes" | "metrics" | "program";
/** A report without what every run knows. */
export type Judgement = Omit<ForecastReport, CommonLate> | Omit<LanguageReport, CommonLate>;
