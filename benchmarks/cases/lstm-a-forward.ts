/** The model of lstm-a when nobody learns: the logits of 64 moments of 32 samples. */
import { resident, type Tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { compileGraph } from "../../packages/retrograd/src/jit/jit.ts";
import { flatten } from "../../packages/retrograd/src/tensor/tree.ts";
import { traceTree } from "../../packages/retrograd/src/transform/function.ts";
import type { Case, CaseOptions } from "../case.ts";
import { LARGE, largeNumbers } from "../numbers.ts";
import { outputFields } from "../outputs.ts";
import { fedOf } from "../sequence.ts";
import { stepWork } from "../stepWork.ts";
import { countOf, shaped } from "../training.ts";

const { input, size, classes } = LARGE;
const GATES = 4;

const model = sequential(unroll(lstm({ size })), dense(classes));
type Params = Parameters<typeof model.apply>[0];
const forward = (params: Params, x: Tensor) => [params, model.apply(params, x)] as const;

function prepare(options: CaseOptions) {
  const { target } = options;
  const { lstm: own, head, ...data } = largeNumbers();
  const { inputs, targets } = fedOf(LARGE, data, options);
  const rows = targets.size;
  const params: Params = [
    {
      Wx: shaped(own.Wx, input, GATES, size),
      Wh: shaped(own.Wh, size, GATES, size),
      b: shaped(own.b, GATES, size),
    },
    { W: shaped(head.W, size, classes), b: shaped(head.b, classes) },
  ];
  const start = performance.now();
  const { graph } = traceTree(
    (now: Params, x: Tensor) => [flatten(now), forward(now, x)[1]],
    [params, inputs],
  );
  const leaves = flatten(params).length;
  compileGraph(graph, { target, resident: Array.from({ length: leaves }, (_, i) => [i, i]) });
  const compileMs = performance.now() - start;
  const program = resident(forward, params, { target });
  const fields = outputFields(program.call(inputs).data);
  const { forward: multiplyAdds, elementary } = stepWork(lstm({ size }), input);
  const each = Object.entries(elementary).map(([name, n]) => [name, n * rows]);
  return {
    kind: "step" as const,
    run: () => void program.call(inputs),
    work: {
      flops: 2 * rows * (multiplyAdds + size * classes),
      bytes: 4 * (countOf(params) + rows * (input + classes)),
      elementary: Object.fromEntries(each),
    },
    compileMs,
    peakBytes: () => program.peakBytes,
    fields: () => fields,
    graph,
    residents: leaves,
  };
}

export const benchmark: Case = {
  name: "lstm-a-forward",
  question: "What does lstm-a cost when nobody learns? Forward only",
  prepare,
};
