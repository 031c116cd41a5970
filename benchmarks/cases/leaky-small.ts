/**
 * The user's cell of leaky-a where there is little arithmetic in a step: 32→64, batch 16, 256 steps.
 * A loop in an interpreter pays for every step; a compiled one should not.
 */
import type { Case } from "../case.ts";
import { leaky } from "../leaky.ts";
import { LEAKY_SMALL, sequenceNumbers } from "../numbers.ts";
import { sequenceCase } from "../sequence.ts";
import { shaped } from "../training.ts";

const { input, size } = LEAKY_SMALL;

export const benchmark: Case = {
  name: "leaky-small",
  shards: true,
  question: "And a user's cell with little to do in each step? 32→64, batch 16, 256 steps",
  prepare: (options) => {
    const numbers = sequenceNumbers(4, LEAKY_SMALL, 1);
    const { Wx, Wh, b } = numbers.cell;
    const own = {
      cell: leaky({ size }),
      params: { W: shaped(Wh, size, size), U: shaped(Wx, input, size), b: shaped(b, size) },
    };
    return sequenceCase(LEAKY_SMALL, numbers, own, options);
  },
};
