/** The run that these tests kill, lock and send to threads: small, with all that has a state. */
import { gru } from "../../src/cells/index.ts";
import { dense, dropout, sequential, unroll } from "../../src/layers/index.ts";
import { adam, mse, plateau, type TrainOptions, train, truncated } from "../../src/train/index.ts";
import { echo } from "../train/tasks.ts";

export interface EchoRun {
  folder?: string;
  epochs?: number;
  /** Data of this part is spoilt. */
  spoilt?: boolean;
}

export function optionsOf({ folder, epochs = 12, spoilt = false }: EchoRun): TrainOptions {
  const data = echo({ rows: 4, time: 6, batches: 5 });
  return {
    model: sequential(unroll(gru({ size: 3 })), dropout(0.2), dense(1)),
    data: spoilt ? { batches: () => [] } : data,
    loss: mse(),
    optimizer: adam(1e-2),
    method: truncated({ window: 3 }),
    clip: { zscore: true },
    schedule: plateau({ patience: 1 }),
    epochs,
    seed: 11,
    target: "reference",
    ...(folder ? { checkpoint: { folder, every: 1 } } : {}),
  };
}

/** What a training thread builds. */
export const build = ({ again, ...options }: EchoRun & { again?: boolean }) =>
  again ? train.resume(options.folder!, optionsOf(options)) : optionsOf(options);
