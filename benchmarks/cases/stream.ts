/** One moment at a time, with weights of 32 bits. */
import type { Case } from "../case.ts";
import { streamCase } from "../streaming.ts";

export const benchmark: Case = {
  name: "stream",
  question: "What does one moment cost as it arrives? LSTM 128→256, batch 1",
  prepare: (options) => streamCase(options, "float32"),
};
