/** How far each size is taken while the others rest. */
import type { TargetName } from "retrograd";

export const BASE = { time: 64, size: 64, batch: 4 } as const;
export type Axis = keyof typeof BASE;

export const SWEEPS: Readonly<Record<Axis, readonly number[]>> = {
  time: [64, 256, 1024, 4096, 16_384, 65_536],
  size: [32, 64, 128, 256, 512, 1024],
  batch: [1, 4, 16, 64, 256],
};
export const TARGETS: readonly TargetName[] = ["wasm", "native"];

export interface Point {
  readonly axis: Axis;
  readonly target: TargetName;
  /** Where on the axis. */
  readonly at: number;
  /** Milliseconds of a training step: the fastest, for a busy machine bends a curve. */
  readonly ms: number;
  /** Memory of the program, known before it runs. */
  readonly peakBytes: number;
  /** Tracing and compiling, in a process that has just started. */
  readonly compileMs: number;
}
