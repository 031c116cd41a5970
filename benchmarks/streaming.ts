/**
 * One moment at a time, as it arrives: LSTM 128→256 through model.stream, batch 1. Every weight is
 * read once a step, so the roofline is the bandwidth at that size.
 */

import type { JitOptions } from "retrograd";
import { tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import type { CaseOptions } from "./case.ts";
import { LARGE, largeNumbers } from "./numbers.ts";
import { outputFields } from "./outputs.ts";
import { countOf, shaped } from "./training.ts";

const { input, size } = LARGE;
const MOMENTS = 256;
/** The output after so many moments is compared with that of others. */
const COMPARED = 8;

export function streamCase({ target }: CaseOptions, weights: JitOptions["weights"]) {
  const model = sequential(unroll(lstm({ size, input })));
  const { x, lstm: own } = largeNumbers();
  const params: Parameters<typeof model.stream>[0] = [
    {
      Wx: shaped(own.Wx, input, 4, size),
      Wh: shaped(own.Wh, size, 4, size),
      b: shaped(own.b, 4, size),
    },
  ];
  const moments = Array.from({ length: MOMENTS }, (_, t) =>
    tensor(x.slice(t * input, (t + 1) * input)),
  );
  const start = performance.now();
  const live = model.stream(params, { target, weights });
  live.push(moments[0]);
  const compileMs = performance.now() - start;
  let t = 1;
  while (t < COMPARED - 1) live.push(moments[t++]);
  const fields = outputFields(live.push(moments[t++]).data);
  return {
    kind: "step" as const,
    run: () => void live.push(moments[t++ % MOMENTS]),
    work: {
      flops: 2 * (input + size) * 4 * size,
      bytes: (weights === "bfloat16" ? 2 : 4) * countOf(params),
      elementary: { logistic: 3 * size, tanh: 2 * size },
    },
    compileMs,
    peakBytes: () => live.peakBytes,
    fields: () => fields,
  };
}
