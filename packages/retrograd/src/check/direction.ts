/** Directions in which derivatives are compared, and points beside a point. */
import { isFloat } from "../scalar/dtype.ts";
import type { Objective, Place } from "./objective.ts";
import type { Numbers } from "./program.ts";

/** For each argument that moves: by how much, number by number. */
export type Direction = ReadonlyMap<number, Float64Array>;

/** ±1 for each number of a place, times their size where that is above 1. */
export function directionOf({ parts }: Place, args: Numbers): Direction {
  return new Map(
    [...parts].map(([k, takes]) => {
      const size = Math.max(1, norm(args[k]) / Math.sqrt(args[k].length));
      return [k, args[k].map((_, i) => (takes(i) ? size * signOf(k, i) : 0))];
    }),
  );
}

/** args + t · direction */
export const moved = (args: Numbers, direction: Direction, t: number): Numbers =>
  args.map((x, k) => {
    const d = direction.get(k);
    return d ? x.map((v, i) => v + t * d[i]) : x;
  });

/** A point beside: where the loss has a kink it almost never has one there. */
export const nudged = ({ graph, args }: Objective): Numbers =>
  args.map((x, k) => {
    if (!isFloat(graph.inputs[k].dtype)) return x;
    return x.map((v, i) => v + 0.02 * (1 + Math.abs(v)) * (hash(k, i) / 2 ** 32 - 0.5));
  });

export const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, y) => sum + y * y, 0));

const signOf = (k: number, i: number): number => (hash(k, i) & 1024 ? 1 : -1);

/** 32 bits that depend on a place alone. */
function hash(k: number, i: number): number {
  let x = Math.imul(k + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return (x ^ (x >>> 15)) >>> 0;
}
