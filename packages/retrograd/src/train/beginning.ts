/** Where a batch begins whose rows go on with sequences of the batch before, or start new ones. */
import { stopGradient } from "../ops/stopGradient.ts";
import type { Lesson } from "./method.ts";
import { choose } from "./pointwise.ts";

/**
 * The state that a batch begins from: the carried one, through which no gradient passes, and the
 * model's own first state in the rows where a sequence starts.
 */
export function beginning({ model, batch }: Lesson, params: any, state: any): any {
  const carried = stopGradient(state);
  const { start, inputs } = batch;
  if (!start) return carried;
  return choose("start", start, model.state(params, inputs.shape[0]), carried);
}
