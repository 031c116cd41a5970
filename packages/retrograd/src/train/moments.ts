/** What a method asks of a model that it takes moment by moment. */
import { fail } from "../errors/training.ts";
import type { Trainable } from "./method.ts";

/** A model whose moments can be run one by one. */
export type Momentary = Trainable & Required<Pick<Trainable, "moment" | "sample">>;

/** @throws "bad-argument" for a model that has no moments, or draws anew in each */
export function mustHaveMoments(where: string, model: Trainable): asserts model is Momentary {
  const refuse = (given: string, expected: string) =>
    fail("bad-argument", { where, given, expected });
  const { moment, sample, wholeOnly, draws } = model;
  if (!moment || !sample || wholeOnly !== undefined)
    refuse(
      `a model without single moments${wholeOnly ? `: ${wholeOnly}` : ""}`,
      "a model that runs moment by moment, such as sequential(unroll(cell), dense(8))",
    );
  if (draws) refuse("dropout or zoneout, which draw anew in every moment,", "a model without them");
}
