/**
 * The training step of an LSTM 128→256, batch 32, 64 steps, softmax over 128 classes at every step,
 * Adam. Its losses are those of PyTorch with the same numbers: 4.8550, and 4.7080 after nine steps.
 */
import { lstm } from "retrograd/cells";
import type { Case } from "../case.ts";
import { largeCase } from "../large.ts";
import { LARGE } from "../numbers.ts";
import { shaped } from "../training.ts";

const { input, size } = LARGE;

export const benchmark: Case = {
  name: "lstm-a",
  shards: true,
  question: "How fast does an LSTM learn? 128→256, batch 32, 64 steps, softmax at every step",
  prepare: (options) =>
    largeCase(
      {
        cell: lstm({ size }),
        params: ({ lstm: { Wx, Wh, b } }) => ({
          Wx: shaped(Wx, input, 4, size),
          Wh: shaped(Wh, size, 4, size),
          b: shaped(b, 4, size),
        }),
      },
      options,
    ),
};
