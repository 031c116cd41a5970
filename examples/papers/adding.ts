/**
 * The adding problem: of T random numbers two are marked, one in each half; after the last the
 * network is asked for their sum. Who remembers nothing says 1 and is wrong by 1/6 in the mean
 * square, so every mark far below it needs a memory over most of the sequence.
 */
import { gru, lstm } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, mse } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";

/** x [rows, time, 2]: a number in [0, 1) and a mark; y [rows, 1]: the sum of the marked two. */
export function batch(time: number, rows: number, uniform: () => number) {
  const x = new Float32Array(rows * time * 2);
  const y = new Float32Array(rows);
  const half = time / 2;
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < time; t++) x[(row * time + t) * 2] = uniform();
    for (const from of [0, half]) {
      const at = (row * time + from + Math.floor(uniform() * half)) * 2;
      x[at + 1] = 1;
      y[row] += x[at];
    }
  }
  return {
    inputs: { data: x, shape: [rows, time, 2] },
    targets: { data: y, shape: [rows, 1] },
  };
}

function contender(kind: "lstm" | "gru", size: number, time: number, steps: number): Contender {
  const cell = kind === "lstm" ? lstm : gru;
  const settings = { size, chrono: time, optimizer: "adam", rate: 2e-3, clip: 1 };
  return {
    name: kind,
    model: sequential(unroll(cell({ size, input: 2, chrono: time })), lastStep(), dense(1)),
    optimizer: adam(settings.rate),
    clip: { norm: settings.clip },
    steps,
    settings,
  };
}

export const paper: Paper = {
  name: "adding",
  title: "The adding problem",
  source:
    "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, experiment 4; " +
    "biases: Tallec and Ollivier 2018, arXiv:1804.11188",
  experiment(quick) {
    const time = quick ? 30 : 200;
    const [size, steps, below] = quick ? [24, 1500, 1e-2] : [64, 6000, 1e-3];
    const seeds = quick ? [1] : [1, 2, 3];
    const needed = quick ? 1 : 2;
    return {
      claim:
        `T = ${time}: LSTM and GRU with chrono biases come below ${below} mean squared error ` +
        `from at least ${needed} of ${seeds.length} seeds`,
      size: { time, rows: 32 },
      contenders: [contender("lstm", size, time, steps), contender("gru", size, time, steps)],
      seeds,
      needed,
      loss: mse(),
      measure: "loss",
      mark: { below },
      baseline: 1 / 6,
      data: generated(100, (uniform) => batch(time, 32, uniform)),
    };
  },
};
