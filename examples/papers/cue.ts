/**
 * A policy that must remember a cue: at the beginning of a corridor a sign says left or right, and
 * after τ moments of noise the agent stands where it must turn. It is told the right turn there and
 * nowhere else. Credit that goes back K < τ moments never meets the cue: the gradient of the weights
 * that read it is exactly zero. Forward mode, with the same short windows, carries the influence of
 * the cue along instead.
 *
 * Truncation hands the state over, so what a state happens to keep of the cue can still be read: a
 * GRU whose gates begin slow keeps enough of it, and may well turn right though it never learned to
 * remember. How many seeds do is counted, not claimed. A control takes that away: it begins every
 * window from the first state, and turns by chance.
 */
import { random, type Tensor } from "retrograd";
import { gru } from "retrograd/cells";
import { dense, type Model, sequential, unroll } from "retrograd/layers";
import {
  adam,
  bptt,
  crossEntropy,
  feed,
  forward,
  type Method,
  metrics,
  truncated,
  windows,
} from "retrograd/train";
import {
  type Aim,
  type Contender,
  type Fact,
  generated,
  type Paper,
  uniforms,
} from "./_experiment.ts";

const [INPUTS, TURNS, ROWS] = [3, 2, 32];
/** Turning right by chance; scored over whole sequences, where a trace of the cue may bias it. */
const CHANCE = 0.75;

/** x [rows, τ + 1, 3]: the cue, ±1 at first; noise; 1 at the junction. y: the turn there, else −1. */
function batch(lag: number, rows: number, uniform: () => number) {
  const time = lag + 1;
  const x = new Float32Array(rows * time * INPUTS);
  const y = new Int32Array(rows * time).fill(-1);
  for (let row = 0; row < rows; row++) {
    const turn = uniform() < 0.5 ? 0 : 1;
    const at = (t: number) => (row * time + t) * INPUTS;
    x[at(0)] = 2 * turn - 1;
    for (let t = 0; t < time; t++) x[at(t) + 1] = 2 * uniform() - 1;
    x[at(lag) + 2] = 1;
    y[row * time + lag] = turn;
  }
  return {
    inputs: { data: x, shape: [rows, time, INPUTS] },
    targets: { data: y, shape: [rows, time] },
  };
}

/** Windows of which each begins from the first state. */
const forgetful = (window: number): Method => ({
  ...bptt(),
  name: "state reset",
  settings: { window },
  window,
  cut: (fed) => windows(fed, window),
});

const policy = (size: number, lag: number): Model =>
  sequential(unroll(gru({ size, input: INPUTS, chrono: lag })), dense(TURNS)) as Model;

/** Mean of |∂L/∂w| over the weights that read the cue, summed over the windows of one batch. */
function cueGradient(model: Model, method: Method, lag: number): number {
  const fed = feed(batch(lag, ROWS, uniforms(0, 0)), "label");
  const params = model.init(random.key(0));
  let state = method.init(model, params, ROWS);
  const total = new Float64Array(params[0].Wx.size / INPUTS);
  for (const part of method.cut?.(fed) ?? [fed]) {
    const lesson = { model, loss: crossEntropy({ ignore: -1 }), batch: part, key: undefined };
    const learned = method.learn(lesson, params, state);
    state = learned.state;
    const ofCue: Tensor = learned.grads[0].Wx.slice(0);
    ofCue.data.forEach((g, i) => {
      total[i] += g;
    });
  }
  return total.reduce((sum, g) => sum + Math.abs(g), 0) / total.length;
}

function facts(model: Model, short: number, lag: number): Fact[] {
  const of = (method: Method) => cueGradient(model, method, lag);
  const exact = of(bptt());
  const [cut, whole, carried] = [
    of(truncated({ window: short })),
    of(truncated({ window: lag + 1 })),
    of(forward({ window: short })),
  ];
  const near = (x: number) => Math.abs(x / exact - 1) < 1e-3;
  return [
    { text: `gradient of the cue's weights, K = ${short}: ${cut}`, holds: cut === 0 },
    {
      text: `K = ${lag + 1}: ${whole.toExponential(3)}, that of bptt`,
      holds: exact > 0 && near(whole),
    },
    {
      text: `forward, in windows of ${short}: ${carried.toExponential(3)}, the same`,
      holds: near(carried),
    },
  ];
}

export const paper: Paper = {
  name: "cue",
  title: "A cue to remember",
  source:
    "Bakker 2001, Reinforcement learning with long short-term memory, NIPS 14, the T-maze; forward " +
    "mode: Williams and Zipser 1989, doi:10.1162/neco.1989.1.2.270",
  experiment(quick) {
    const [lag, short, size, batches] = quick ? [10, 5, 8, 300] : [30, 10, 12, 1500];
    const model = policy(size, lag);
    const seeds = quick ? [1, 2] : [1, 2, 3, 4, 5];
    const rate = 1e-2;
    const contender = (name: string, method: Method, aim?: Aim): Contender => ({
      ...{ name, aim, model, method, optimizer: adam(rate), clip: { norm: 1 } },
      steps: batches * Math.ceil((lag + 1) / (method.window ?? lag + 1)),
      settings: { size, chrono: lag, method: method.name, ...method.settings, rate, clip: 1 },
    });
    return {
      claim:
        `τ = ${lag}: credit that goes back ${short} moments never meets the cue, and without a ` +
        `state handed over none of ${seeds.length} policies turns by it; all do where credit goes ` +
        `back ${lag + 1}, and by forward mode`,
      size: { lag, rows: ROWS },
      facts: () => facts(model, short, lag),
      contenders: [
        contender(`K = ${short}, state reset`, forgetful(short), { stayBelow: CHANCE }),
        contender(`K = ${short}`, truncated({ window: short }), "print"),
        contender(`K = ${lag + 1}`, truncated({ window: lag + 1 })),
        contender(`forward, windows of ${short}`, forward({ window: short })),
      ],
      seeds,
      needed: seeds.length,
      loss: crossEntropy({ ignore: -1 }),
      metrics: [metrics.accuracy({ ignore: -1 })],
      measure: "accuracy",
      mark: { atLeast: 0.99 },
      baseline: 1 / TURNS,
      data: generated(50, (uniform) => batch(lag, ROWS, uniform)),
    };
  },
};
