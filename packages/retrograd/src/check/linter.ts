/**
 * What every recurrent model should keep to, tried on one's own: it does not look ahead, rows do
 * not meet, padding counts for nothing, pieces make the whole, chance comes from the key.
 */
import * as random from "../ops/random.ts";
import { isFloat } from "../scalar/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import { Bench } from "./bench.ts";
import { rules } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import { type Checkable, type Given, type Subject, subjectOf } from "./subject.ts";

export interface LintFinding {
  /** Which rule: "look-ahead"; see docs/checks.md. */
  readonly code: string;
  /** A fault makes results wrong; a warning may be meant. */
  readonly severity: "fault" | "warning";
  readonly sentence: string;
  readonly cure: string;
}

export interface LintReport {
  /** Whether there is no fault; there may be warnings. */
  readonly sound: boolean;
  readonly findings: readonly LintFinding[];
  /** Rules that were tried and are kept, and what the model therefore is: "causal". */
  readonly kept: readonly { readonly code: string; readonly virtue: string }[];
  /** Whether the last finding left nothing that could be compared, so that other rules rest. */
  readonly halted: boolean;
  /** Rules that say nothing of this model, and why. */
  readonly silent: readonly { readonly code: string; readonly reason: string }[];
}

/**
 * Hold a model to the rules. Each runs it twice in ways that must come to the same.
 *
 * @param model    a model, a cell, or the step of a scan
 * @param options  parameters and inputs, of which a small part is used; parameters that are made up
 *   are moved a little, since a weight that begins at 0 hides what it is multiplied by
 * @throws "bad-argument", "input-unknown", and what tracing the model throws
 * Checked: models written wrong on purpose, and sound ones; docs/checks.md has the rates.
 */
export function lint(model: Checkable, options: Given = {}): LintReport {
  const own = subjectOf(model, options);
  const subject = options.params === undefined ? shaken(own, options.seed ?? 0) : own;
  const bench = new Bench(subject);
  const findings: LintFinding[] = [];
  const kept: { code: string; virtue: string }[] = [];
  const silent: { code: string; reason: string }[] = [];
  let halted = false;
  for (const rule of rules) {
    const { code, virtue, severity, cure } = rule;
    const [sentence, reason] = tried(rule, bench);
    if (sentence !== undefined) findings.push({ code, severity, sentence, cure });
    else if (reason !== undefined) silent.push({ code, reason });
    else kept.push({ code, virtue });
    halted = rule.decides === true && sentence !== undefined;
    if (halted) break;
  }
  const sound = findings.every(({ severity }) => severity !== "fault");
  return { sound, findings, kept, silent, halted };
}

/** What is broken, or why nothing can be said. */
function tried(rule: Rule, bench: Bench): [sentence?: string, silent?: string] {
  try {
    const reason = rule.silent?.(bench);
    return reason === undefined ? [rule.broken(bench)] : [undefined, reason];
  } catch (error) {
    // Of the model, whose author wrote it for other calls than these.
    return [`It cannot be tried: ${(error as Error).message.split("\n")[0]}`];
  }
}

/** Parameters a little beside those of init. */
function shaken(subject: Subject, seed: number): Subject {
  const params = mapTree(subject.params, (t: Tensor, path) => {
    if (!isFloat(t.dtype)) return t;
    let place = 7;
    for (const letter of path) place = (31 * place + letter.charCodeAt(0)) | 0;
    const key = random.fold(random.key(seed + 2), place);
    return t.add(random.normal(key, t.shape, { dtype: t.dtype as "float64", deviation: 0.1 }));
  });
  return { ...subject, params };
}
