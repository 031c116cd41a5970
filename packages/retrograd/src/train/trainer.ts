/**
 * train: a model, data, a loss and a way to make it small, as a run that tells what happens.
 *
 *   const run = train({ model, data, loss: mse(), optimizer: adam(1e-3), epochs: 10, seed: 0 });
 *   for await (const event of run) if (event.type === "epoch") console.log(event.loss);
 *   const { params } = run;
 */
import { occasional } from "./onDemand.ts";
import { planOf, type TrainOptions } from "./options.ts";
import { Run } from "./run.ts";
import { type Store, storeOf } from "./store.ts";

/**
 * Make a run. Nothing happens until it is iterated.
 * @returns a run: an async iterable of events that also holds the parameters
 * @throws "unknown-option", "bad-argument", "folder-unknown"; while it is iterated: "not-finite",
 *   "label-range", "no-batches", "folder-locked", "folder-taken", "disk-full"
 */
function start(options: TrainOptions): Run {
  return new Run(planOf(options));
}

/**
 * Go on with a run from its last whole checkpoint: what follows has the bits that it would have had
 * without the interruption. Functions are not written to disk, so the options are given again.
 * @param where    folder or store of the run; it becomes the store of the new one
 * @param options  those of the run; `epochs` and `steps` may be larger
 * @throws "checkpoint-missing", "checkpoint-mismatch"
 */
async function resume(where: Store | string, options: TrainOptions): Promise<Run> {
  const { mustExist, remarks } = await occasional();
  const store = storeOf(where);
  const last = await mustExist(store);
  const plan = planOf({ ...options, checkpoint: { ...options.checkpoint, store } });
  const run = new Run(plan, last.checkpoint);
  await run.prepare(store);
  for (const remark of remarks(store, last, plan.settings)) run.warn(remark);
  return run;
}

export const train = Object.assign(start, { resume });
