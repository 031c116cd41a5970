/** The method of training that a config names, for its task. */
import { fail } from "../errors/training.ts";
import type { Method } from "../train/method.ts";
import { adaptiveTruncation } from "../train/methods/adaptiveTruncation.ts";
import { auto } from "../train/methods/auto.ts";
import { bptt } from "../train/methods/bptt.ts";
import { checkpointed } from "../train/methods/checkpointed.ts";
import { truncated } from "../train/methods/truncated.ts";
import type { Learning } from "./learning.ts";

interface Learner {
  readonly task: "forecast" | "language";
  readonly window: number;
  readonly learning: Pick<Learning, "method">;
}

/**
 * "usual" is truncated for a text, whose state goes on from window to window, and bptt for a
 * forecaster, which sees every window as a whole. For a text, windows of `adaptive` are at most
 * those of the config, and with bptt, checkpointed and auto each begins without a past.
 * @throws "bad-argument" where the task cannot be learned so
 */
export function methodOf({ task, window, learning }: Learner): Method {
  const isText = task === "language";
  const { method } = learning;
  switch (method) {
    case "bptt":
      return bptt();
    case "checkpointed":
      return checkpointed();
    case "auto":
      return auto();
    case "usual":
      return isText ? truncated({ window }) : bptt();
  }
  if (!isText)
    fail("bad-argument", {
      where: "a forecaster",
      given: `method = ${method}`,
      expected: "bptt, checkpointed or auto: its loss is at the end of a window alone",
    });
  const longest = Math.max(1, Math.floor(window / 2));
  return method === "adaptive" ? adaptiveTruncation({ longest }) : truncated({ window });
}
