/** A program: a graph compiled to something that runs, with values that stay inside. */
import type { Notice } from "../errors.ts";
import type { Data } from "../scalar/dtype.ts";

export interface CompileOptions {
  /** Pairs [input, output]: the output is written over the input and stays in the program. */
  readonly resident?: readonly (readonly [input: number, output: number])[];
  /** Refuse a program whose peak is above this, in bytes. */
  readonly memoryLimit?: number;
  /** How weights that the program only reads are kept; float32 by default. */
  readonly weights?: Weights;
  /** Run as several equal shards; the graph is that of one of them. */
  readonly shards?: Sharding;
}

/** bfloat16 halves what a call reads, and rounds weights to 8 bits of precision. */
export type Weights = "float32" | "bfloat16";

/** How the values of a program are spread over its shards. */
export interface Sharding {
  readonly count: number;
  /** For each input and output: cut along its first axis, or equal in all shards. */
  readonly inputs: readonly boolean[];
  readonly outputs: readonly boolean[];
  /** Where each shard is a process: those that this one belongs to. */
  readonly ranks?: Ranks;
}

/** Processes that run a shard each. */
export interface Ranks {
  /** The number of this process, from 0, and how many there are. */
  readonly rank: number;
  readonly count: number;
  /**
   * Add up tensors over all ranks, each in its place, in the order of the ranks.
   * @throws "rank-lost"
   */
  sum(values: readonly Data[]): void;
  /** The parts of all ranks, one behind another. @throws "rank-lost" */
  join(part: Data): Data;
}

/** Why something cannot run here, and what the user can do about it. */
export interface Missing {
  readonly reason: string;
  readonly cure: string;
  /** It was to be expected here, so it is told also to those who did not ask for it. */
  readonly tell?: boolean;
}

/** What a program takes, known before it is made. */
export interface Footprint {
  /** Memory of all its shards in this process. */
  readonly bytes: number;
  /** Floating-point operations of a call, of one shard. */
  readonly flops: number;
}

/** A compiled graph. Residents are kept between runs; everything else is copied in and out. */
export interface Program {
  /** One call. Entries of `inputs` at resident places are ignored; so are the outputs there. */
  run(inputs: readonly (Data | undefined)[]): (Data | undefined)[];
  /** A copy of resident value `input`. */
  read(input: number): Data;
  write(input: number, data: Data): void;
  /** Kernels, cost, memory, and what the compiler did, for people. */
  explain(): string;
  readonly peakBytes: number;
  /** What a user should know of how it was made. */
  readonly remarks?: readonly Notice[];
}
