/**
 * A schedule cut where shards meet: what runs between two sums is a function of its own, so that
 * whoever holds the program can add up in between, by whatever means it has.
 */
import type { Collective, Item, Schedule } from "./nest.ts";

export interface Segments {
  readonly parts: readonly (readonly Item[])[];
  /** After each part but the last one. */
  readonly sums: readonly Collective[];
}

export function segmentsOf({ main }: Schedule): Segments {
  const parts: Item[][] = [[]],
    sums: Collective[] = [];
  for (const item of main)
    if (item.kind === "collective") {
      sums.push(item);
      parts.push([]);
    } else parts[parts.length - 1].push(item);
  return { parts, sums };
}

/** What the function of a part is called: run, run1, run2, … */
export const partName = (k: number): string => (k === 0 ? "run" : `run${k}`);
