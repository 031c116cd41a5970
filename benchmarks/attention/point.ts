/**
 * One point of the curves, in a process that has just started: a training step over so many moments
 * and one moment of a stream. point.ts CONTENDER TARGET TIME
 */
import "retrograd/node"; // the native target
import { random, resident, type TargetName, tensor } from "retrograd";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, type Fed, firstCarry, trainingStep } from "retrograd/train";
import { BATCH, CONTENDERS, type Contender, SIZE } from "./contenders.ts";

const SECONDS = 0.5;
const [LEAST_TRAINING, LEAST_STREAMING] = [1, 20];
/** Milliseconds within which a call is seldom interrupted. */
const INTERRUPTED = 5;
const CLASSES = 32;

const [contender, target] = process.argv.slice(2) as [Contender, TargetName];
const time = Number(process.argv[4]);

const model = sequential(unroll(CONTENDERS[contender](time)), dense(CLASSES));
const params = model.init(random.key(0));

/**
 * Milliseconds of a call after the first one: the fastest, for a busy machine bends a curve. Long
 * calls are interrupted by what else runs there: the clock of the process does not count that.
 */
function fastest(least: number, call: () => void): number {
  call();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < least || performance.now() - start < SECONDS * 1e3) {
    const [before, used] = [performance.now(), process.cpuUsage()];
    call();
    const wall = performance.now() - before;
    const { user, system } = process.cpuUsage(used);
    times.push(wall < INTERRUPTED ? wall : Math.min(wall, (user + system) / 1e3));
  }
  return Math.min(...times);
}

function training() {
  const options = { model, loss: crossEntropy(), optimizer: adam() };
  const fed: Fed = {
    inputs: random.normal(random.key(1), [BATCH, time, SIZE]),
    targets: tensor(
      Int32Array.from({ length: BATCH * time }, (_, i) => i % CLASSES),
      { shape: [BATCH, time] },
    ),
  };
  const rate = tensor(1e-3);
  const program = resident(trainingStep(options), firstCarry(options, params, BATCH), { target });
  const ms = fastest(LEAST_TRAINING, () => program.call(fed, rate));
  return { trainingMs: ms, trainingBytes: program.peakBytes };
}

/** A moment costs the same however full the memory is: the places of it that are empty count too. */
function streaming() {
  const live = model.stream(params, { target });
  const x = random.normal(random.key(2), [SIZE]);
  const ms = fastest(LEAST_STREAMING, () => live.push(x));
  return { streamingMs: ms, streamingBytes: live.peakBytes };
}

console.log(JSON.stringify({ ...training(), ...streaming() }));
