/**
 * What a case is: a name, a question, and a function that prepares something to run again and again.
 * The figures are found in measure.ts, the same way for every case.
 */
import type { TargetName } from "retrograd";
import type { Graph } from "../packages/retrograd/src/tensor/graph.ts";
import type { Elementary } from "./elementary.ts";

export interface CaseOptions {
  readonly target: TargetName;
  readonly batch?: number;
  /** Time steps, where a case has them. */
  readonly length?: number;
  /** Threads that share a step; a case that cannot be cut refuses more than one. */
  readonly shards?: number;
}

/** What a step costs at least, whoever computes it. */
export interface Work {
  /** Multiply-adds of the products, counted twice. */
  readonly flops: number;
  /** Bytes that must be read or written: weights, moments, inputs. */
  readonly bytes: number;
  /** Elementary functions, by how many elements. */
  readonly elementary: Partial<Record<Elementary, number>>;
}

export interface Prepared {
  readonly kind: "step";
  run(): void;
  readonly work: Work;
  readonly compileMs: number;
  peakBytes(): number;
  /** Loss, and others, after the warm-up; printed as further fields. */
  fields?(): Readonly<Record<string, number | string>>;
  /** For --profile: the program, and which of its inputs stay inside. */
  readonly graph?: Graph;
  readonly residents?: number;
}

/** A case that has figures of its own instead of a step to be timed. */
export interface Figures {
  readonly kind: "figures";
  readonly fields: Readonly<Record<string, number | string>>;
}

export interface Case {
  readonly name: string;
  /** What it asks, for the list of cases. */
  readonly question: string;
  /** True where a step can run in several shards. */
  readonly shards?: boolean;
  /** Run only when asked for by name: it takes minutes. */
  readonly long?: boolean;
  /** What it runs on, one after the other, unless a target is asked for; "wasm". */
  readonly targets?: readonly TargetName[];
  prepare(options: CaseOptions): Prepared | Figures | Promise<Prepared | Figures>;
}
