/**
 * What does it cost to trace and compile a training step, and does the number of time steps matter?
 * The step of `lstm-a` for 64 and for 4096 moments, in turns; the first of all pays for a cold
 * engine, as a user's first call does. The program's memory is left out: 1.1 GiB for 4096 moments,
 * of which dozens would measure the garbage collector.
 */
import { random, type Tensor, zeros } from "retrograd";
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
import { compile } from "../../packages/retrograd/src/nest/compile.ts";
import { abilities, assemble } from "../../packages/retrograd/src/targets/wasm/index.ts";
import { flatten } from "../../packages/retrograd/src/tensor/tree.ts";
import { traceTree } from "../../packages/retrograd/src/transform/function.ts";
import type { Case } from "../case.ts";
import { median } from "../ceiling.ts";
import { LARGE } from "../numbers.ts";

const { input, size, classes, batch } = LARGE;
const LENGTHS = [64, 4096] as const;
const TURNS = 25;

function timer(time: number) {
  const model = sequential(unroll(lstm({ size, input })), dense(classes));
  const options = { model, loss: crossEntropy(), optimizer: adam() };
  const step = trainingStep(options);
  const carry = firstCarry(options, model.init(random.key(0)), batch);
  const fed = {
    inputs: zeros([batch, time, input]),
    targets: zeros([batch, time], { dtype: "int32" }),
  };
  const rate = zeros([]);
  const resident = flatten(carry).map((_, i) => [i, i] as const);
  return () => {
    const start = performance.now();
    const { graph } = traceTree(
      (now: Carry, data: Fed, r: Tensor) => {
        const [next, outputs] = step(now, data, r);
        return [flatten(next), outputs];
      },
      [carry, fed, rate],
    );
    new WebAssembly.Module(assemble(compile(graph, abilities(), { resident }).schedule));
    return performance.now() - start;
  };
}

function prepare() {
  const timers = LENGTHS.map(timer);
  const first = timers[0]();
  const times: number[][] = LENGTHS.map(() => []);
  for (let turn = 0; turn < TURNS; turn++) timers.forEach((f, k) => times[k].push(f()));
  const [short, long] = times.map(median);
  const fields = { firstMs: first, ms64: short, ms4096: long, ratio: long / short };
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "compile",
  question: "What do tracing and compiling cost, for 64 moments and for 4096?",
  prepare,
};
