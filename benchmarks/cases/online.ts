/**
 * Can a stream be learned for ever? A leaky memory of 16 units learns from every moment of a stream
 * whose rule drifts: what was shown is summed up by slow decays (0.9 to 0.99), and how the sums are
 * read turns round once in 50,000 moments. Exact forward mode (RTRL, one update a moment) beside
 * truncated BPTT with windows of K, one update a window, over the same moments from the same
 * parameters, each with the best of three learning rates. The error is prequential: of what was said before it was learned from. Who says 0 is
 * wrong by 1.
 */
import { random, resident, type Tensor, tensor } from "retrograd";
import { cell } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, firstCarry, mse, online, trainingStep, truncated } from "retrograd/train";
import type { Case, CaseOptions } from "../case.ts";
import { around } from "../held.ts";

const MOMENTS = 1_000_000;
const COMPARED = 100_000;
const WARM = 2000;
const SIZE = 16;
const WINDOWS = [1, 4, 16, 64];
const RATES = [3e-3, 1e-2, 3e-2];

/** h' = a ∘ h + (1 − a) ∘ x U, a = σ(rate): the decays are what must be learned. */
const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    rate: init.values([size], ([unit]) => (3 * unit) / size - 1),
    U: init.glorot([input, size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { rate, U }) {
    const a = rate.logistic();
    const next = a.mul(h).add(a.neg().add(1).mul(x.dot(U)));
    return { state: { h: next }, output: next };
  },
});
const model = () => sequential(unroll(leaky({ size: SIZE, input: 1 })), dense(1));

const DECAYS = [0.9, 0.97, 0.99];
const TURN = 50_000;
/** The stream: x is noise, y a sum of leaky sums of it, of variance 1, whose weights turn. */
function* stream() {
  let noise = 1;
  const uniform = () => {
    noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
    return noise / 2 ** 32;
  };
  const sums = DECAYS.map(() => 0);
  for (let t = 0; ; t++) {
    const x = Math.sqrt(12) * (uniform() - 0.5);
    let y = 0;
    DECAYS.forEach((a, k) => {
      sums[k] = a * sums[k] + Math.sqrt(1 - a * a) * x;
      y += sums[k] * Math.cos(2 * Math.PI * (t / TURN + k / DECAYS.length));
    });
    yield [x, y] as const;
  }
}

const lesson = (rate: number) => ({ model: model(), loss: mse(), optimizer: adam(rate) });
const firstParams = () => model().init(random.key(0));

interface Learnt {
  /** Mean squared error of the second half of the moments, of what was said before learning. */
  readonly error: number;
  readonly microseconds: number;
}

/** The errors of single moments, or of windows of so many; learning them is timed. */
function over(count: number, learn: () => number): Learnt {
  let [sum, half] = [0, Math.floor(count / 2)];
  for (let i = 0; i < half; i++) learn();
  const start = performance.now();
  for (let i = half; i < count; i++) sum += learn();
  const ms = performance.now() - start;
  return { error: sum / (count - half), microseconds: (1000 * ms) / (count - half) };
}

function forwardLearner(rate: number, target: CaseOptions["target"]) {
  const learner = online({ ...lesson(rate), params: firstParams(), target });
  const moments = stream();
  const learn = () => {
    const [x, y] = moments.next().value!;
    return learner.push(tensor([x]), tensor([y])).loss;
  };
  return { learner, learn };
}

function truncatedLearner(window: number, rate: number, target: CaseOptions["target"]) {
  const options = { ...lesson(rate), method: truncated({ window }) };
  const program = resident(trainingStep(options), firstCarry(options, firstParams(), 1), {
    target,
  });
  const moments = stream();
  const now = tensor(rate);
  let starts = true;
  return () => {
    const [inputs, targets] = [new Float32Array(window), new Float32Array(window)];
    for (let k = 0; k < window; k++) [inputs[k], targets[k]] = moments.next().value!;
    const as = (data: Float32Array): Tensor => tensor(data, { shape: [1, window, 1] });
    const fed = { inputs: as(inputs), targets: as(targets), start: tensor([starts]) };
    starts = false;
    return program.call(fed, now).loss.item();
  };
}

/** With the rate that errs least. */
const best = (learnt: (rate: number) => Learnt) =>
  RATES.map((rate) => ({ rate, ...learnt(rate) })).reduce((a, b) => (b.error < a.error ? b : a));

function prepare({ target, length = MOMENTS }: CaseOptions) {
  const count = Math.min(COMPARED, length);
  const fields: Record<string, number> = {};
  const note = (name: string, window: number, learnt: (rate: number) => Learnt) => {
    const { rate, error, microseconds } = best(learnt);
    Object.assign(fields, { [`${name}Error`]: error, [`${name}Rate`]: rate });
    fields[`${name}Microseconds`] = microseconds / window;
    return rate;
  };
  const rate = note("forward", 1, (r) => over(count, forwardLearner(r, target).learn));
  for (const window of WINDOWS) {
    const updates = Math.floor(count / window);
    note(`truncated${window}`, window, (r) => over(updates, truncatedLearner(window, r, target)));
  }
  const { learner, learn } = forwardLearner(rate, target);
  const start = performance.now();
  const { before, after } = around(() => void learn(), WARM, length);
  Object.assign(fields, {
    ...{ moments: length, seconds: (performance.now() - start) / 1000 },
    ...{ peakBytes: learner.peakBytes, heldBefore: before.held, heldAfter: after.held },
    ...{ rssBefore: before.rss, rssAfter: after.rss },
  });
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "online",
  question: "Can a stream that drifts be learned for ever? RTRL a moment, beside windowed BPTT",
  long: true,
  prepare,
};
