/**
 * A model so small that what surrounds the arithmetic decides: LSTM 2→32, batch 16, 100 steps, one
 * number from the last step. The second feature is zero, so the losses are those of PyTorch with
 * one feature and the same numbers: 0.5906, and 0.5837 after nine steps.
 */
import { lstm } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { mse } from "retrograd/train";
import type { Case, CaseOptions } from "../case.ts";
import { batchFirst, SMALL, smallNumbers } from "../numbers.ts";
import { adamBytes, shaped, trainingCase } from "../training.ts";

const INPUT = 2;
const { size } = SMALL;

function prepare({ target, batch, length, shards }: CaseOptions) {
  const { x, y, lstm: own, head } = smallNumbers();
  const to = { time: length ?? SMALL.time, batch: batch ?? SMALL.batch };
  const rows = to.time * to.batch;
  const inputs = new Float32Array(rows * INPUT);
  batchFirst(x, SMALL, to).forEach((value, at) => {
    inputs[at * INPUT] = value;
  });
  const Wx = new Float32Array(INPUT * 4 * size);
  Wx.set(own.Wx);
  Wx.set(own.Wx, own.Wx.length);
  const params = [
    {
      Wx: shaped(Wx, INPUT, 4, size),
      Wh: shaped(own.Wh, size, 4, size),
      b: shaped(own.b, 4, size),
    },
    {},
    { W: shaped(head.W, size, 1), b: shaped(head.b, 1) },
  ];
  const cell = size * 4 * size;
  const entering = INPUT * 4 * size;
  return trainingCase({
    model: sequential(unroll(lstm({ size })), lastStep(), dense(1)),
    params,
    loss: mse(),
    batch: {
      inputs: shaped(inputs, to.batch, to.time, INPUT),
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
      bytes: adamBytes(params) + 4 * rows * INPUT,
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
