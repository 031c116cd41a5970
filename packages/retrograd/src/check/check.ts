/** All checks of a model in one call, and one report of them. */

import type { Batch } from "../train/batch.ts";
import type { Loss } from "../train/losses/loss.ts";
import type { Trainable } from "../train/method.ts";
import { certify } from "./certificate.ts";
import { examine, type HealthReport, weighed } from "./health.ts";
import { type LintReport, lint } from "./linter.ts";
import type { Checkable, Given } from "./subject.ts";
import { hasLoop, measureTruncation, type TruncationReport } from "./truncation.ts";
import type { Certificate } from "./verdict.ts";

export interface CheckOptions extends Given {
  /**
   * With both and `params`, the truncation of the gradient is measured too, where the model has a
   * loop through time: one observation for each batch.
   */
  readonly batches?: readonly Batch[];
  readonly loss?: Loss;
}

export interface CheckReport {
  /** Whether nothing is wrong; there may be warnings. */
  readonly sound: boolean;
  readonly health: HealthReport;
  /** Absent where parameters or outputs are not numbers, or no two runs are alike. */
  readonly certificate?: Certificate;
  /** Absent where parameters are not numbers. */
  readonly lint?: LintReport;
  readonly truncation?: TruncationReport;
  /** What is wrong first, or that nothing is. */
  readonly sentence: string;
}

/**
 * Does the gradient agree, does the model keep its promises, are its units alive, and how far back
 * must its gradient go?
 *
 *   const report = check(model, { params, inputs });
 *   if (!report.sound) throw new Error(report.sentence);
 *   console.log(showReport(report));
 *
 * @param model    a model of layers or one's own, a cell, or the step of a scan
 * @param options  what it is checked with; whatever is missing is made up
 * @throws "bad-argument", "input-unknown", and what tracing the model throws
 * Checked: docs/checks.md.
 */
export function check(model: Checkable, options: CheckOptions = {}): CheckReport {
  const { batches, loss, ...given } = options;
  const weights = weighed(given.params);
  const [ill] = weights.findings;
  if (ill) return { sound: false, health: weights, sentence: ill.sentence };
  const found = lint(model, given);
  const halted = found.halted && found.findings.at(-1)!;
  if (halted) return { sound: false, health: weights, lint: found, sentence: halted.sentence };
  const health = examine(model, given);
  const certificate = certify(model, given);
  const observed = batches && loss && given.params !== undefined;
  const measured = observed && { params: given.params, batches, loss };
  const truncation =
    measured && hasLoop(model as Trainable, measured)
      ? measureTruncation(model as Trainable, measured)
      : undefined;
  const fault = [...found.findings, ...health.findings].find((f) => f.severity === "fault");
  const wrong = certificate.agrees ? fault?.sentence : certificate.sentence;
  return {
    ...{ sound: wrong === undefined, health, certificate, lint: found },
    ...(truncation && { truncation }),
    sentence: wrong ?? "The gradient agrees, and no promise is broken.",
  };
}
