/**
 * Truncated backpropagation through time: sequences are cut into windows, the state goes on from
 * one to the next, and the gradient stops at the border.
 */
import { fail } from "../../errors/training.ts";
import { checkOptions } from "../../errors.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import { min, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { beginning } from "../beginning.ts";
import type { Lesson, Method } from "../method.ts";
import { each } from "../pointwise.ts";
import { checkSettings } from "../settings.ts";
import { windows, windowsOf } from "../windows.ts";
import { exact } from "./bptt.ts";

export interface TruncatedOptions {
  /** Steps through which the gradient goes back (k₂). */
  window: number;
  /** Steps from one update to the next (k₁), at most the window; as many unless told. */
  stride?: number;
  /** Whether the borders lie elsewhere in every epoch. */
  stagger?: boolean;
}

/** Multiples of the golden section leave no large gap: borders come near every place soon. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * An update after every window of `window` steps. The state of a row is carried into its next
 * window as a number, through which no gradient passes. Where a row begins a sequence it is the
 * model's first state (zero or learned) instead: a batch without `start` begins one in every row,
 * so a sequence that goes on in the next batch needs `start` there, 0 for its row.
 *   state = start ? first(params) : stopGradient(last)
 *
 * With a `stride` k₁ < k₂ = `window` there is an update after every k₁ steps: windows overlap, each
 * step's loss counts once, and its gradient goes back through k₂ − k₁ … k₂ steps, at the parameters
 * of now. The state at which the next window begins costs another forward pass.
 *
 * With `stagger` the first window of epoch e has ⌊window · frac(0.618… e)⌋ steps, so that what lies
 * on both sides of a border in one epoch is inside a window in another: links of lag τ < window are
 * seen in 1 − τ/window of the epochs, instead of always or never.
 *
 * Sequences that are not longer than a window are learned from whole, which is bptt.
 * @throws "bad-argument"; on a batch: "window-targets"
 * Source: Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490 (BPTT(h; h′), h = k₂, h′ = k₁).
 * Checked: equal to bptt where one window holds everything; a link across a border has a gradient
 * of exactly zero; strides against the gradient of each window's loss by itself.
 */
export function truncated(options: TruncatedOptions): Method {
  checkOptions("truncated", options, ["window", "stride", "stagger"]);
  const { window, stride, stagger = false } = options;
  if (window === undefined) checkSettings("truncated", { window: NaN }, "a whole number above 0");
  checkSettings("truncated", { window, stride }, "a whole number above 0");
  if (stride !== undefined && stride > window)
    fail("bad-argument", {
      where: "truncated",
      given: `stride = ${stride} with window = ${window}`,
      expected: "a stride of at most the window: the steps between would teach nothing",
    });
  const lying = (turn: number) => ({
    stride,
    offset: stagger ? Math.floor(window * ((turn * GOLDEN) % 1)) : 0,
  });
  return {
    name: "truncated",
    settings: { window, ...(stride && { stride }), ...(stagger && { stagger }) },
    window,
    cut: (batch, turn = 0) => windows(batch, window, lying(turn)),
    begins: (time, turn = 0) => windowsOf(time, window, lying(turn)).map(({ at }) => at),
    carries: true,
    init: (model, params, rows) => model.state(params, rows),
    learn(lesson, params, state) {
      const learned = exact(lesson, params, (p) => beginning(lesson, p, state));
      const { advance } = lesson.batch;
      if (!advance) return learned;
      return { ...learned, state: after(advance, lesson, params, state) };
    },
  };
}

/** The state after so many steps of a window, [batch]. */
function after(advance: Tensor, lesson: Lesson, params: any, state: any): any {
  const { model, batch, key } = lesson;
  const { inputs, lengths } = batch;
  const least = min(slot(0), slot(1));
  const steps = lengths ? each("advance", least, advance, lengths) : advance;
  const entering = stopGradient(beginning(lesson, params, state));
  return model.run(params, inputs, { state: entering, lengths: steps, key, train: true }).state;
}
