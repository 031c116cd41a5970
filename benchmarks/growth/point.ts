/**
 * One point of the curves, in a process that has just started: what a training step of an LSTM with
 * a head at every moment needs in these sizes. point.ts TARGET TIME SIZE BATCH
 */
import "retrograd/node"; // the native target
import { random, resident, type TargetName, type Tensor, tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import {
  adam,
  type Carry,
  crossEntropy,
  type Fed,
  firstCarry,
  trainingStep,
} from "retrograd/train";
import { compileGraph } from "../../packages/retrograd/src/jit/jit.ts";
import { flatten } from "../../packages/retrograd/src/tensor/tree.ts";
import { traceTree } from "../../packages/retrograd/src/transform/function.ts";

const SECONDS = 0.7;
const LEAST = 3;
const [INPUT, CLASSES] = [32, 32];

const target = process.argv[2] as TargetName;
const [time, size, batch] = process.argv.slice(3).map(Number);

const model = sequential(unroll(lstm({ size, input: INPUT })), dense(CLASSES));
const options = { model, loss: crossEntropy(), optimizer: adam() };
const step = trainingStep(options);
const carry = firstCarry(options, model.init(random.key(0)), batch);
const fed: Fed = {
  inputs: random.uniform(random.key(1), [batch, time, INPUT]),
  targets: tensor(
    Int32Array.from({ length: batch * time }, (_, i) => i % CLASSES),
    { shape: [batch, time] },
  ),
};
const rate = tensor(1e-3);

function compileOnce(): number {
  const start = performance.now();
  const { graph } = traceTree(
    (now: Carry, data: Fed, r: Tensor) => {
      const [next, outputs] = step(now, data, r);
      return [flatten(next), outputs];
    },
    [carry, fed, rate],
  );
  compileGraph(graph, { target, resident: flatten(carry).map((_, i) => [i, i] as const) });
  return performance.now() - start;
}

const compileMs = compileOnce();
const program = resident(step, carry, { target });
program.call(fed, rate);
const times: number[] = [];
const start = performance.now();
while (times.length < LEAST || performance.now() - start < SECONDS * 1e3) {
  const before = performance.now();
  program.call(fed, rate);
  times.push(performance.now() - before);
}
console.log(JSON.stringify({ ms: Math.min(...times), peakBytes: program.peakBytes, compileMs }));
