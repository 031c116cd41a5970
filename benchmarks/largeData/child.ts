/**
 * One file in a process of its own: made ready as `retrograd train` does it, a few steps trained,
 * some batches read. Prints one line of JSON.
 */

import { trainOptions } from "retrograd/tasks";
import { type Batch, train } from "retrograd/train";
import { readSource } from "../../packages/cli/src/read/source.ts";
import { prepare } from "../../packages/cli/src/run/prepare.ts";

const STEPS = 20;
const BATCHES = 500;
const [path, kind] = process.argv.slice(2);

async function measured() {
  const table = kind !== "text";
  const columns = { target: "y", covariates: ["x"], horizon: 6, window: 48 };
  const begin = performance.now();
  const source = await readSource(path, { stream: true });
  const [task] = await prepare(source, { stream: true, epochs: 1, ...(table && columns) });
  const readyMs = performance.now() - begin;
  const { validation: _, ...options } = trainOptions(task.lessons, task.config.learning, {});
  for await (const _ of train({ ...options, earlyStopping: undefined, steps: STEPS }));
  const start = performance.now();
  let count = 0;
  for (const batch of task.lessons.data.batches(1) as Iterable<Batch>) {
    void batch.inputs; // read now
    if (++count === BATCHES) break;
  }
  const batchesPerSecond = (1000 * count) / (performance.now() - start);
  source.close();
  return { bytes: source.size, readyMs, batchesPerSecond };
}

const found = kind === "idle" ? {} : await measured();
const rss = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ ...found, rss }));
