/**
 * Ranks: shards that are processes, on one machine or on many. Each process compiles the program of
 * one shard and runs it in an arena of its own; where the program adds up, it asks its ranks. What
 * they are reached through is registered by whoever knows it ("retrograd/node" does, for MPI).
 */
import type { Ranks } from "../nest/program.ts";

let joined: Ranks | undefined;
/** From now on programs of as many shards as there are ranks run on them. */
export function registerRanks(ranks: Ranks | undefined): void {
  joined = ranks;
}
/** The ranks that this process belongs to. */
export const ranks = (): Ranks | undefined => joined;

/** A whole number added up over the ranks; where there are none, itself. @throws "rank-lost" */
export function overRanks(value: number): number {
  const sum = Int32Array.of(value);
  joined?.sum([sum]);
  return sum[0];
}
