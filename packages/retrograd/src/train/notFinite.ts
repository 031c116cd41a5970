/** A step whose loss or gradient is not finite ends the run, and says where that began. */
import { fail } from "../errors/training.ts";
import { fold } from "../ops/random.ts";
import type { Fed } from "./batch.ts";
import type { Method } from "./method.ts";
import { occasional } from "./onDemand.ts";
import type { Plan } from "./options.ts";
import type { Progress } from "./progress.ts";
import type { Carry } from "./step.ts";

interface Failing {
  readonly plan: Plan;
  readonly method: Method;
  /** As it was before the step: what is not finite changes nothing. */
  readonly carry: Carry;
  readonly progress: Progress;
}

/**
 * Look for the cause of it. A part of a batch failed; `time` is the length of the whole.
 * @throws "not-finite", always, or what the autopsy says
 */
export async function notFinite(
  { plan: { step, target }, method, carry, progress }: Failing,
  batch: Fed,
  loss: number,
  time: number,
): Promise<never> {
  const key = step.key && fold(step.key, carry.step);
  const lesson = { ...step, batch, key, step: carry.step };
  method.blame?.(lesson, carry.params);
  // A page that has lost its server still learns what happened.
  const cause = await occasional().then(
    ({ autopsy }) => autopsy({ method, lesson, carry, target }),
    () => undefined,
  );
  const { code = "not-finite", ...found } = cause ?? {
    what: Number.isFinite(loss) ? "The norm of the gradient" : "The loss",
    step: undefined,
    op: "a sum over the batch",
  };
  const { window, batch: index, epoch, step: updates } = progress;
  const begin = method.begins?.(time, epoch)[window] ?? 0;
  const moment = found.step === undefined ? undefined : found.step + begin;
  const data = { ...found, step: moment, epoch, batch: index, window, updates };
  return fail(code, data);
}
