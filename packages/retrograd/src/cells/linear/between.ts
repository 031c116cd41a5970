/** Ranges of numbers, from which parameters are drawn. */
import { fail } from "../../errors/layers.ts";

/** A range of numbers. */
export type Between = readonly [least: number, greatest: number];

/** @throws "bad-argument" unless `given` is two finite numbers of which that is true */
export function checkBetween(
  where: string,
  given: Between,
  isRight: (least: number, greatest: number) => boolean,
  expected: string,
): Between {
  const isPair = Array.isArray(given) && given.length === 2 && given.every(Number.isFinite);
  if (!isPair || !isRight(given[0], given[1]))
    fail("bad-argument", {
      where,
      given: Array.isArray(given) ? `[${given.join(", ")}]` : String(given),
      expected,
    });
  return given;
}
