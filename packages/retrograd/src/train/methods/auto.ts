/**
 * auto: the method that a budget of memory allows. The exact gradient before an approximate one,
 * less work before more; and it says what it chose, why, and what a step will take.
 */
import { checkOptions } from "../../errors.ts";
import { showBytes } from "../../nest/explain.ts";
import type { Footprint } from "../../nest/program.ts";
import { refuse, unfitted } from "../budget.ts";
import type { Fitting, Method } from "../method.ts";
import { checkSettings } from "../settings.ts";
import { windows } from "../windows.ts";
import { bptt } from "./bptt.ts";
import { checkpointedWithin } from "./checkpointed.ts";
import { truncated } from "./truncated.ts";

export interface AutoOptions {
  /** Bytes that a training step may need, on all its shards; 1 GiB unless told. */
  budget?: number;
}

/** A method, what it takes for a batch, and why it was chosen. */
interface Choice {
  readonly method: Method;
  readonly takes: Footprint;
  /** Updates for a batch. */
  readonly updates: number;
  readonly because: string;
}

/**
 * bptt where everything that it keeps fits into the budget; else checkpointed, whose gradient is as
 * exact; else truncated, with the longest window (a power of 2) that fits. What each needs is read
 * off the plan of the compiled training step, and time is its operations at the speed of a short
 * step that is run for it. The choice itself depends on memory alone, so it can be repeated.
 * @throws when it meets its first batch: "budget-small" where nothing fits
 * Checked: three budgets, three methods; each needs what was said.
 */
export function auto(options: AutoOptions = {}): Method {
  checkOptions("auto", options, ["budget"]);
  const { budget = 2 ** 30 } = options;
  checkSettings("auto", { budget }, "a number above 0");
  return {
    ...bptt(),
    name: "auto",
    settings: { budget },
    learn: () => unfitted("auto"),
    fit(given) {
      const { method, takes, updates, because } = chosen(given, budget);
      const seconds = (updates * takes.flops) / given.speed();
      const plan =
        `auto: ${method.name}, ${because}. A step needs ${showBytes(takes.bytes)}, ` +
        `a batch about ${seconds.toPrecision(2)} s, as a short step was measured`;
      return { ...method, budget, plan: method.plan ? `${plan}\n${method.plan}` : plan };
    },
  };
}

function chosen(given: Fitting, budget: number): Choice {
  const { batch, footprint } = given;
  const time = batch.inputs.shape[1];
  const allowed = `of the ${showBytes(budget)} allowed`;
  const all = footprint(bptt());
  const kept = `to keep all ${time} steps takes ${showBytes(all.bytes)} ${allowed}`;
  if (all.bytes <= budget) return { method: bptt(), takes: all, updates: 1, because: kept };
  const { method, found } = checkpointedWithin(given, budget);
  if (found.bytes <= budget) return { method, takes: footprint(method), updates: 1, because: kept };
  const cut = batch.targets.shape[1] === time ? longestWindow(given, budget) : undefined;
  if (!cut) return refuse(found, time, budget);
  const least = `${kept}, and checkpointed ${showBytes(found.bytes)}`;
  return { ...cut, because: `${least}; no gradient passes more than ${cut.method.window} steps` };
}

/** truncated with the longest window, a power of 2, that fits; longer ones need more. */
function longestWindow({ batch, footprint }: Fitting, budget: number) {
  const most = Math.floor(Math.log2(Math.max(1, batch.inputs.shape[1] - 1)));
  let best: Omit<Choice, "because"> | undefined;
  for (let [low, high] = [0, most]; low <= high; ) {
    const half = Math.ceil((low + high) / 2);
    const method = truncated({ window: 2 ** half });
    const [part, ...others] = windows(batch, 2 ** half);
    const takes = footprint(method, part);
    if (takes.bytes <= budget) {
      best = { method, takes, updates: 1 + others.length };
      low = half + 1;
    } else high = half - 1;
  }
  return best;
}
