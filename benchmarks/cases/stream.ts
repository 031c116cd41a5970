/**
 * One moment at a time, as it arrives: LSTM 128→256 through model.stream, batch 1. Every weight is
 * read once a step, so the roofline is the bandwidth at that size.
 */
import { random, tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import type { Case, CaseOptions } from "../case.ts";
import { LARGE, largeNumbers } from "../numbers.ts";
import { countOf } from "../training.ts";

const { input, size } = LARGE;
const MOMENTS = 256;

function prepare({ target }: CaseOptions) {
  const model = sequential(unroll(lstm({ size, input })));
  const params = model.init(random.key(0));
  const { x } = largeNumbers();
  const moments = Array.from({ length: MOMENTS }, (_, t) =>
    tensor(x.slice(t * input, (t + 1) * input)),
  );
  const start = performance.now();
  const live = model.stream(params, { target });
  live.push(moments[0]);
  const compileMs = performance.now() - start;
  let t = 0;
  return {
    kind: "step" as const,
    run: () => void live.push(moments[t++ % MOMENTS]),
    work: {
      flops: 2 * (input + size) * 4 * size,
      bytes: 4 * countOf(params),
      elementary: { logistic: 3 * size, tanh: 2 * size },
    },
    compileMs,
    peakBytes: () => live.peakBytes,
  };
}

export const benchmark: Case = {
  name: "stream",
  question: "What does one moment cost as it arrives? LSTM 128→256, batch 1",
  prepare,
};
