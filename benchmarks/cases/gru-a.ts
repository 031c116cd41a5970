/**
 * The training step of a GRU of the sizes of lstm-a; its weights are the first three gates of the
 * LSTM's numbers.
 */
import { gru } from "retrograd/cells";
import type { Case } from "../case.ts";
import { largeCase } from "../large.ts";
import { LARGE } from "../numbers.ts";
import { shaped } from "../training.ts";

const { input, size } = LARGE;

export const benchmark: Case = {
  name: "gru-a",
  shards: true,
  question: "And a GRU of the same sizes?",
  prepare: (options) =>
    largeCase(
      {
        cell: gru({ size }),
        params: ({ lstm: { Wx, Wh, b } }) => ({
          Wx: shaped(Wx.subarray(0, input * 3 * size), input, 3, size),
          Wh: shaped(Wh.subarray(0, size * 3 * size), size, 3, size),
          b: shaped(b.subarray(0, 3 * size), 3, size),
          bh: shaped(b.subarray(3 * size), size),
        }),
      },
      options,
    ),
};
