/** Whether sequences are long enough for a model that reads a state of several moments ago. */
import { fail } from "../errors/layers.ts";

/** A layer or model, as far as it matters here. */
export interface Skipping {
  readonly name?: string;
  /** How many moments later a state is read; 1 where it is not said. */
  readonly skip?: number | undefined;
}

/**
 * Refuses sequences that begin anew and end before a state is read that was left in them. Where it
 * is read in the next moment, a sequence of one moment is no mistake.
 * @throws "skip-long"
 */
export function checkSkip({ name = "the model", skip = 1 }: Skipping, time: number): void {
  if (skip > 1 && time <= skip) fail("skip-long", { what: name, skip, time });
}
