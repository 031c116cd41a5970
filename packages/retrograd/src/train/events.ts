/** What happens in a run, as plain data: it prints, it crosses to a thread, it is a JSON line. */
import type { Notice } from "../errors.ts";

/** Where a run stands. */
export interface Position {
  /** Updates made. */
  readonly step: number;
  /** Epoch, from 0. */
  readonly epoch: number;
}

export interface StepEvent extends Position {
  readonly type: "step";
  /** Batch of the epoch, from 0, and window of the batch. */
  readonly batch: number;
  readonly window: number;
  /** Mean loss of the batch before the update. */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly norm: number;
  readonly rate: number;
  /** Duration of the step. */
  readonly milliseconds: number;
}
export interface EpochEvent extends Position {
  readonly type: "epoch";
  /** Mean loss over the epoch, while the parameters moved. */
  readonly loss: number;
}
export interface ValidationEvent extends Position {
  readonly type: "validation";
  readonly loss: number;
  /** By the name of the metric. */
  readonly metrics: Readonly<Record<string, number>>;
  /** True when no loss was smaller before. */
  readonly best: boolean;
}
export interface CheckpointEvent extends Position {
  readonly type: "checkpoint";
  readonly kind: "last" | "best";
  /** Name in the store. */
  readonly name: string;
}
/** What a method has chosen by the size of a batch, or chooses from this epoch on; and why. */
export interface MethodEvent extends Position {
  readonly type: "method";
  readonly text: string;
}
export interface WarningEvent extends Position, Notice {
  readonly type: "warning";
}
export type DoneReason = "epochs" | "steps" | "early-stopping" | "stopped";
export interface DoneEvent extends Position {
  readonly type: "done";
  readonly reason: DoneReason;
  /** The best position by validation loss, or by epoch loss without validation. */
  readonly best: (Position & { readonly loss: number }) | null;
}

export type TrainEvent =
  | StepEvent
  | EpochEvent
  | ValidationEvent
  | CheckpointEvent
  | MethodEvent
  | WarningEvent
  | DoneEvent;
