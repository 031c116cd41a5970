/** Checks of one's own model: does its gradient agree, does it keep its promises, how far back. */
export { type CertifyOptions, certify } from "./certificate.ts";
export { type CheckOptions, type CheckReport, check } from "./check.ts";
export { examine, type HealthFinding, type HealthReport, type Units } from "./health.ts";
export type { Interval } from "./interval.ts";
export { type LintFinding, type LintReport, lint } from "./linter.ts";
export { linesOf, type ReportLine, showReport } from "./report.ts";
export type { Checkable, Given, RawStep } from "./subject.ts";
export {
  measureTruncation,
  type TruncationOptions,
  type TruncationReport,
  type WindowReport,
} from "./truncation.ts";
export type { Certificate, WayReport } from "./verdict.ts";
export type { Way } from "./ways.ts";
