/** What is said when a batch may not be what its method takes it for. */
import { trainingMessages } from "../errors/training.ts";
import { type Notice, notice } from "../errors.ts";
import type { Fed } from "./batch.ts";
import type { Method } from "./method.ts";

/**
 * A remark about batch number `index` of an epoch, if there is one: rows that go on without saying
 * so, or a window that cuts nothing.
 */
export function caution(
  { name, carries, cut, window = 0 }: Method,
  fed: Fed,
  epoch: number,
  index: number,
): Notice | undefined {
  if (fed.start || !cut) return undefined;
  const time = fed.inputs.shape[1];
  if (carries && index > 0)
    return notice(trainingMessages, "start-missing", { method: name, epoch, batch: index });
  if (epoch === 0 && index === 0 && time < window)
    return notice(trainingMessages, "window-long", { name, window, time });
  return undefined;
}
