/**
 * Truncated backpropagation through time: sequences are cut into windows, the state goes on from
 * one to the next, and the gradient stops at the border.
 */
import { fail } from "../../errors/training.ts";
import { beginning } from "../beginning.ts";
import type { Method } from "../method.ts";
import { windows } from "../windows.ts";
import { exact } from "./bptt.ts";

/**
 * An update after every window of `window` steps. The state of a row is carried into its next
 * window as a number, through which no gradient passes. Where a row begins a sequence it is the
 * model's first state (zero or learned) instead: a batch without `start` begins one in every row,
 * so a sequence that goes on in the next batch needs `start` there, 0 for its row.
 *   state = start ? first(params) : stopGradient(last)
 *
 * Source: Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490, with h = h'.
 * Checked: equal to bptt where one window holds everything; a link across a border has no gradient.
 */
export function truncated({ window }: { window: number }): Method {
  if (!(window >= 1 && Number.isInteger(window)))
    fail("bad-argument", {
      where: "truncated",
      given: `window = ${window}`,
      expected: "a whole number of time steps",
    });
  return {
    name: "truncated",
    settings: { window },
    window,
    cut: (batch) => windows(batch, window),
    carries: true,
    init: (model, params, rows) => model.state(params, rows),
    learn: (lesson, params, state) => exact(lesson, params, (p) => beginning(lesson, p, state)),
  };
}
