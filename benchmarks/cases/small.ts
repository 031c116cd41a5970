/**
 * A model so small that what surrounds the arithmetic decides: LSTM 2→32, batch 16, 100 steps, one
 * number from the last step. Its losses are those of PyTorch with the same numbers: 0.5906, and
 * 0.5837 after nine steps.
 */
import { lstm } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { mse } from "retrograd/train";
import type { Case, CaseOptions } from "../case.ts";
import { batchFirst, SMALL, smallNumbers } from "../numbers.ts";
import { adamBytes, shaped, trainingCase } from "../training.ts";

const { input, size } = SMALL;

function prepare({ target, batch, length, shards }: CaseOptions) {
  const { x, y, lstm: own, head } = smallNumbers();
  const to = { time: length ?? SMALL.time, batch: batch ?? SMALL.batch };
  const rows = to.time * to.batch;
  const params = [
    {
      Wx: shaped(own.Wx, input, 4, size),
      Wh: shaped(own.Wh, size, 4, size),
      b: shaped(own.b, 4, size),
    },
    {},
    { W: shaped(head.W, size, 1), b: shaped(head.b, 1) },
  ];
  const cell = size * 4 * size;
  const entering = input * 4 * size;
  return trainingCase({
    model: sequential(unroll(lstm({ size })), lastStep(), dense(1)),
    params,
    loss: mse(),
    batch: {
      inputs: shaped(batchFirst(x, SMALL, to), to.batch, to.time, input),
      targets: shaped(
        batchFirst(y, { time: 1, batch: SMALL.batch }, { ...to, time: 1 }),
        to.batch,
        1,
      ),
    },
    target,
    shards,
    work: {
      flops: 2 * rows * (3 * cell + 2 * entering) + 2 * to.batch * 3 * size,
      bytes: adamBytes(params) + 4 * rows * input,
      elementary: { logistic: 3 * size * rows, tanh: 2 * size * rows },
    },
  });
}

export const benchmark: Case = {
  name: "small",
  shards: true,
  question: "What does a small model cost? LSTM 2→32, batch 16, 100 steps, one number at the end",
  prepare,
};
