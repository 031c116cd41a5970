/** A method that chooses anew for every epoch, asked where one begins. */
import { overRanks, ranks } from "../targets/ranks.ts";
import type { Fed } from "./batch.ts";
import type { Adapting } from "./method.ts";
import type { Plan } from "./options.ts";
import type { Progress } from "./progress.ts";

/** Where a run stands once the choice is made. Ranks see rows of their own, and go on alike. */
export function chosen(
  adapts: Adapting,
  { model, loss, target }: Plan,
  progress: Progress,
  params: any,
  batch: Fed,
): Progress {
  const own = adapts.choose({ model, loss, params, batch, target });
  return { ...progress, choice: Math.ceil(overRanks(own) / (ranks()?.count ?? 1)) };
}
