/**
 * An LSTM so wide that its weights leave the caches: 1024→1024, batch 64, 32 steps, softmax over 128
 * classes at every step, Adam.
 */
import { lstm } from "retrograd/cells";
import type { Case } from "../case.ts";
import { LARGEST, sequenceNumbers } from "../numbers.ts";
import { sequenceCase } from "../sequence.ts";
import { shaped } from "../training.ts";

const { input, size } = LARGEST;
const GATES = 4;

export const benchmark: Case = {
  name: "lstm-large",
  shards: true,
  question: "And an LSTM whose weights leave the caches? 1024→1024, batch 64, 32 steps",
  prepare: (options) => {
    const numbers = sequenceNumbers(3, LARGEST, GATES);
    const { Wx, Wh, b } = numbers.cell;
    const own = {
      cell: lstm({ size }),
      params: {
        Wx: shaped(Wx, input, GATES, size),
        Wh: shaped(Wh, size, GATES, size),
        b: shaped(b, GATES, size),
      },
    };
    return sequenceCase(LARGEST, numbers, own, options);
  },
};
