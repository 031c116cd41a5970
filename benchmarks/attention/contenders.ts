/** Who is compared: cells of one size, of which attention sees all moments of its sequence. */
import type { TargetName } from "retrograd";
import { type Cell, lru, lstm, transformer } from "retrograd/cells";

export const SIZE = 256;
export const BATCH = 1;
export const TIMES: readonly number[] = [64, 128, 256, 512, 1024, 2048, 4096, 8192];
export const TARGETS: readonly TargetName[] = ["wasm", "native"];

/** Each from the number of moments that it must remember. */
export const CONTENDERS = {
  transformer: (time: number): Cell => transformer({ size: SIZE, input: SIZE, context: time }),
  lstm: (): Cell => lstm({ size: SIZE, input: SIZE }),
  lru: (): Cell => lru({ size: SIZE, input: SIZE }),
} as const;
export type Contender = keyof typeof CONTENDERS;

export interface Point {
  readonly contender: Contender;
  readonly target: TargetName;
  /** Moments of a sequence. */
  readonly time: number;
  /** Of a training step over all of them. */
  readonly trainingMs: number;
  readonly trainingBytes: number;
  /** Of one moment of a stream. */
  readonly streamingMs: number;
  readonly streamingBytes: number;
}
