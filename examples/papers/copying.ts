/**
 * The copying problem: ten symbols of eight are shown, then nothing for T moments, then a sign; the
 * network is to say the ten symbols. The gradient must pass T + 10 steps without growing or fading:
 * a rotation of the state does that, so the transition is linear and begins as a random rotation.
 */
import { rnn } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";

export const SYMBOLS = 8;
const LENGTH = 10;
/** Nothing is 0, the symbols are 1 to 8, the sign to speak is 9. */
const SIGN = SYMBOLS + 1;
export const KINDS = SYMBOLS + 2;
export const ROWS = 64;

/**
 * x [rows, T + 20, 10], one-hot; y [rows, T + 20]: −1, which no loss counts, but for the last ten.
 */
export function batch(blank: number, rows: number, uniform: () => number) {
  const time = blank + 2 * LENGTH;
  const x = new Float32Array(rows * time * KINDS);
  const y = new Int32Array(rows * time).fill(-1);
  for (let row = 0; row < rows; row++) {
    const shown = Array.from({ length: time }, () => 0);
    for (let k = 0; k < LENGTH; k++) {
      shown[k] = 1 + Math.floor(uniform() * SYMBOLS);
      y[row * time + time - LENGTH + k] = shown[k];
    }
    shown[time - LENGTH - 1] = SIGN;
    shown.forEach((kind, t) => {
      x[(row * time + t) * KINDS + kind] = 1;
    });
  }
  return {
    inputs: { data: x, shape: [rows, time, KINDS] },
    targets: { data: y, shape: [rows, time] },
  };
}

function contender(size: number, rate: number, steps: number): Contender {
  return {
    name: "rotation",
    model: sequential(unroll(rnn({ size, input: KINDS, activation: "linear" })), dense(KINDS)),
    optimizer: adam(rate),
    clip: { norm: 1 },
    steps,
    settings: { size, optimizer: "adam", rate, clip: 1 },
  };
}

export const paper: Paper = {
  name: "copying",
  title: "The copying problem",
  source:
    "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; this form: Arjovsky et al. " +
    "2016, arXiv:1511.06464; linear transitions: Henaff et al. 2016, arXiv:1602.06662",
  experiment(quick) {
    const blank = quick ? 20 : 100;
    const [size, rate, steps] = quick ? [64, 2e-3, 1000] : [128, 1e-3, 3000];
    const seeds = quick ? [1] : [1, 2, 3];
    return {
      claim:
        `T = ${blank}: a linear recurrence that begins as a rotation says at least 99 % of the ` +
        `last ten symbols, from ${seeds.length} of ${seeds.length} seeds`,
      size: { blank, rows: ROWS },
      contenders: [contender(size, rate, steps)],
      seeds,
      needed: seeds.length,
      loss: crossEntropy({ ignore: -1 }),
      metrics: [metrics.accuracy({ ignore: -1 })],
      measure: "accuracy",
      mark: { atLeast: 0.99 },
      baseline: 1 / SYMBOLS,
      data: generated(50, (uniform) => batch(blank, ROWS, uniform)),
    };
  },
};
