/** One moment at a time, with weights of 16 bits. */
import type { Case } from "../case.ts";
import { streamCase } from "../streaming.ts";

export const benchmark: Case = {
  name: "stream-bfloat16",
  question: "And with weights of 16 bits?",
  prepare: (options) => streamCase(options, "bfloat16"),
};
