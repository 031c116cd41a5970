/** Where a run stands, beside the carry of its program: plain data that a checkpoint keeps. */
import type { Position } from "./events.ts";
import type { Plan } from "./options.ts";

/** A loss and where it was reached. */
export type Best = Position & { readonly loss: number };

export interface Progress extends Position {
  /** Batches of the epoch that are done, and windows of the next batch. */
  readonly batch: number;
  readonly window: number;
  /** Parts of the mean loss of the epoch so far. */
  readonly sum: number;
  readonly count: number;
  /** State of the schedule. */
  readonly schedule: unknown;
  readonly best: Best | null;
  /** Validations since the best. */
  readonly waited: number;
  /** What a method that adapts has chosen for the epoch. */
  readonly choice?: number;
  /** Rows of every batch; 0 before the first. */
  readonly rows: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Checkpoints written; its parity says which place is next. */
  readonly serial: number;
}

export const beginningOf = ({ schedule, settings }: Plan): Progress => ({
  ...{ step: 0, epoch: 0, batch: 0, window: 0, sum: 0, count: 0 },
  schedule: schedule.initial,
  best: null,
  waited: 0,
  rows: 0,
  settings,
  serial: 0,
});
