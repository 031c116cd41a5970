/**
 * The sizes of lstm-a with a cell that a user wrote: nothing in the compiler knows it. Its losses are
 * those of PyTorch with the same numbers: 4.8576, and 4.6560 after nine steps.
 */
import { cell } from "retrograd/cells";
import type { Case } from "../case.ts";
import { largeCase } from "../large.ts";
import { LARGE } from "../numbers.ts";
import { shaped } from "../training.ts";

const { input, size } = LARGE;
const MOVE = 0.3;

/** h' = (1 − a) h + a tanh(h W + x U + b) */
const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
    b: init.zeros([size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U, b }) {
    const moved = h.dot(W).add(x.dot(U)).add(b).tanh();
    const next = h.mul(1 - MOVE).add(moved.mul(MOVE));
    return { state: { h: next }, output: next };
  },
});

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
        gates: 1,
        elementary: { tanh: 1 },
      },
      options,
    ),
};
