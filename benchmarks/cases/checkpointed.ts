/**
 * What does a gradient through 100,000 steps need? An LSTM 16 → 64 with a loss at every step, batch
 * 8, checkpointed within a budget of 256 MiB that holds inputs and targets too; its time per step
 * beside that of full backpropagation over 10,000 steps, which keeps everything, in turns.
 */
import { random, resident, tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import {
  adam,
  bptt,
  checkpointed,
  firstCarry,
  fitted,
  type Method,
  mse,
  trainingStep,
} from "retrograd/train";
import type { Case, CaseOptions } from "../case.ts";

const [INPUT, SIZE, ROWS] = [16, 64, 8];
const LONG = 100_000;
const WHOLE = 10_000;
const ROUNDS = 5;

const BUDGET = 256 * 2 ** 20;
/** Time per step, checkpointed over kept: at most. */
const RATIO = 1.5;
/** What was predicted over what the program needs: at most so far from 1. */
const PREDICTION = 0.05;

const model = sequential(unroll(lstm({ size: SIZE, input: INPUT })), dense(1));
const params = model.init(random.key(0));

function training(time: number, method: Method, target: CaseOptions["target"]) {
  const batch = {
    inputs: random.normal(random.key(1), [ROWS, time, INPUT]),
    targets: random.normal(random.key(2), [ROWS, time, 1]),
  };
  const given = { model, loss: mse(), optimizer: adam(), method };
  const chosen = fitted(given, params, batch, { target });
  const step = { ...given, method: chosen };
  const program = resident(trainingStep(step), firstCarry(step, params, ROWS), { target });
  const rate = tensor(1e-3);
  const predicted = chosen.plan === undefined ? 0 : program.plan(batch, rate).bytes;
  /** Microseconds for each time step. */
  const run = (): number => {
    const start = performance.now();
    program.call(batch, rate).loss.item();
    return (1000 * (performance.now() - start)) / time;
  };
  return { program, run, plan: chosen.plan, predicted };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

function prepare({ target, length = LONG }: CaseOptions) {
  const long = training(length, checkpointed({ budget: BUDGET }), target);
  long.run();
  const { rss } = process.memoryUsage();
  const whole = training(WHOLE, bptt(), target);
  whole.run();
  const pairs = Array.from({ length: ROUNDS }, () => [whole.run(), long.run()]);
  const ratio = median(pairs.map(([a, b]) => b / a));
  const { peakBytes } = long.program;
  const apart = Math.abs(long.predicted / peakBytes - 1);
  const holds = peakBytes <= BUDGET && apart <= PREDICTION && ratio <= RATIO;
  const fields = {
    plan: long.plan ?? "",
    steps: length,
    peakBytes,
    budgetBytes: BUDGET,
    predictedBytes: long.predicted,
    rss,
    wholeSteps: WHOLE,
    wholePeakBytes: whole.program.peakBytes,
    microsecondsPerStep: median(pairs.map(([, b]) => b)),
    wholeMicrosecondsPerStep: median(pairs.map(([a]) => a)),
    ratio,
    ratioAtMost: RATIO,
    holds: String(holds),
  };
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "checkpointed",
  question: "What does a gradient through 100,000 steps need, with a loss at each?",
  long: true,
  prepare,
};
