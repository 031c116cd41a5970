/**
 * Does memory stay where it is? Ten thousand training steps of a small model; a million moments of
 * a stream; and what a training step over a hundred thousand moments needs (hidden 64, batch 8).
 * A figure is what the engine holds, its heap and its buffers, after garbage was collected.
 */
import { random, resident, tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, firstCarry, mse, trainingStep } from "retrograd/train";
import type { Case, CaseOptions } from "../case.ts";
import { around } from "../held.ts";

const STEPS = 10_000;
const MOMENTS = 1_000_000;
const LONG = 100_000;

function training(size: number, rows: number, time: number, target: CaseOptions["target"]) {
  const model = sequential(unroll(lstm({ size, input: 2 })), lastStep(), dense(1));
  const options = { model, loss: mse(), optimizer: adam() };
  const params = model.init(random.key(0));
  const program = resident(trainingStep(options), firstCarry(options, params, rows), { target });
  const batch = {
    inputs: random.uniform(random.key(1), [rows, time, 2]),
    targets: random.uniform(random.key(2), [rows, 1]),
  };
  const rate = tensor(1e-3);
  return { program, run: () => void program.call(batch, rate).loss.item() };
}

function prepare({ target }: CaseOptions) {
  const small = around(training(8, 4, 10, target).run, 1000, STEPS);
  const model = sequential(unroll(lstm({ size: 16, input: 4 })));
  const live = model.stream(model.init(random.key(0)), { target });
  const x = tensor([0.1, 0.2, 0.3, 0.4]);
  const stream = around(() => void live.push(x), 10_000, MOMENTS);
  const long = training(64, 8, LONG, target);
  const start = performance.now();
  long.run();
  const fields = {
    trainingSteps: STEPS,
    trainingHeldBefore: small.before.held,
    trainingHeldAfter: small.after.held,
    trainingRssBefore: small.before.rss,
    trainingRssAfter: small.after.rss,
    streamMoments: MOMENTS,
    streamHeldBefore: stream.before.held,
    streamHeldAfter: stream.after.held,
    streamRssBefore: stream.before.rss,
    streamRssAfter: stream.after.rss,
    longSteps: LONG,
    longPeakBytes: long.program.peakBytes,
    longMs: performance.now() - start,
  };
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "memory",
  question: "Does memory stay where it is, and what do 100,000 moments need?",
  long: true,
  prepare,
};
