/** Settings are numbers within a range; one that is not is refused by its name, before any work. */
import { fail } from "../errors/training.ts";
import { shown } from "../errors.ts";

/** The ranges, in the words of the message. */
const ranges = {
  "a number above 0": (x: number) => x > 0 && x < Infinity,
  "a number of at least 0": (x: number) => x >= 0 && x < Infinity,
  "a number in [0, 1]": (x: number) => x >= 0 && x <= 1,
  "a number in [0, 1)": (x: number) => x >= 0 && x < 1,
  "a whole number above 0": (x: number) => x > 0 && Number.isInteger(x),
};

/** Those that are given must lie in the range. @throws "bad-argument" */
export function checkSettings(
  where: string,
  settings: Readonly<Record<string, number | undefined>>,
  expected: keyof typeof ranges,
): void {
  for (const [name, value] of Object.entries(settings))
    if (value !== undefined && !ranges[expected](value))
      fail("bad-argument", { where, given: `${name} = ${shown(value)}`, expected });
}
