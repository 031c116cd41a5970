/** A rule of forward learning as a method: whole batches, or windows between which it goes on. */
import { fail } from "../../errors/training.ts";
import type { Method } from "../method.ts";
import { choose } from "../pointwise.ts";
import { windows } from "../windows.ts";
import { type Carried, firstCarried, learnForward, type Rule } from "./learn.ts";

export interface Windowed {
  /** An update after so many moments, 1 for online learning; one for each batch without. */
  readonly window?: number;
}

/** @param settings  every further number that decides what the rule does */
export function forwardMethod(
  rule: Rule,
  { window, ...rest }: Windowed,
  settings: Readonly<Record<string, number>> = {},
): Method {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    fail("unknown-option", { where: rule.name, given: unknown, known: "window" });
  if (window !== undefined && !(window >= 1 && Number.isInteger(window)))
    fail("bad-argument", {
      where: rule.name,
      given: `window = ${window}`,
      expected: "a whole number of moments",
    });
  const named = { name: rule.name, settings: { ...settings, ...(window && { window }) } };
  if (window === undefined)
    return {
      ...named,
      carries: false,
      init: () => ({}),
      learn(lesson, params) {
        const rows = lesson.batch.inputs.shape[0];
        const first = firstCarried(rule, lesson.model, params, rows);
        return { ...learnForward(rule, lesson, params, first), state: {} };
      },
    };
  return {
    ...named,
    window,
    cut: (batch) => windows(batch, window),
    carries: true,
    init: (model, params, rows) => firstCarried(rule, model, params, rows),
    learn(lesson, params, carried: Carried) {
      const { model, batch } = lesson;
      const { start, inputs } = batch;
      if (!start) return learnForward(rule, lesson, params, carried);
      const first = firstCarried(rule, model, params, inputs.shape[0]);
      return learnForward(rule, lesson, params, choose("start", start, first, carried));
    },
  };
}
