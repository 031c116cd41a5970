/**
 * The sizes of lstm-a with a cell that a user wrote. Its losses are those of PyTorch with the same
 * numbers: 4.8576, and 4.6560 after nine steps.
 */
import type { Case } from "../case.ts";
import { largeCase } from "../large.ts";
import { leaky } from "../leaky.ts";
import { LARGE } from "../numbers.ts";
import { shaped } from "../training.ts";

const { input, size } = LARGE;

export const benchmark: Case = {
  name: "leaky-a",
  shards: true,
  question: "And a cell that a user wrote, with the same sizes?",
  prepare: (options) =>
    largeCase(
      {
        cell: leaky({ size }),
        params: ({ leaky: { U, W, b } }) => ({
          W: shaped(W, size, size),
          U: shaped(U, input, size),
          b: shaped(b, size),
        }),
      },
      options,
    ),
};
