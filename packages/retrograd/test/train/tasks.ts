/** A task that is quick to learn: say what came in three steps ago; and what is seen of a run. */
import { flatten } from "../../src/tensor/tree.ts";
import type { Batch, DataSource, TrainEvent } from "../../src/train/index.ts";
import { numbers } from "./models.ts";

/** A run to its end. */
export async function eventsOf(run: AsyncIterable<TrainEvent>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}
/** The numbers of a tree, to be equal in every bit. */
export const bits = (tree: unknown) => flatten(tree).map((t) => Array.from(t.data));

export interface EchoOptions {
  rows?: number;
  time?: number;
  batches?: number;
  lag?: number;
  /** Rows of the last batch, where it is shorter. */
  last?: number;
  seed?: number;
}

/** Inputs ±1 [rows, time, 1]; targets are the inputs `lag` steps before. */
export function echo(options: EchoOptions = {}): DataSource {
  const { rows = 16, time = 12, batches = 10, lag = 3, last = rows, seed = 0 } = options;
  const batchOf = (epoch: number, index: number): Batch => {
    const n = index === batches - 1 ? last : rows;
    const inputs = Float32Array.from(
      numbers(n * time, 1 + index + 1000 * (epoch + 1000 * seed)).map((x) => (x > 0 ? 1 : -1)),
    );
    const seen = (i: number) => i % time >= lag;
    const targets = inputs.map((_, i) => (seen(i) ? inputs[i - lag] : 0));
    const mask = inputs.map((_, i) => (seen(i) ? 1 : 0));
    return {
      inputs: { data: inputs, shape: [n, time, 1] },
      targets: { data: targets, shape: [n, time, 1] },
      mask: { data: mask, shape: [n, time] },
    };
  };
  return {
    *batches(epoch) {
      for (let index = 0; index < batches; index++) yield batchOf(epoch, index);
    },
  };
}
