/**
 * The adding problem: of T random numbers two are marked, one in each half; after the last the
 * network is asked for their sum. Who remembers nothing says 1 and is wrong by 1/6 in the mean
 * square, so every mark far below it needs a memory over most of the sequence.
 *
 * It takes a product too, number times mark, which gates form themselves. Recurrences that remember
 * without gates get it from a rectifier: before them, or between two where they are linear. Those
 * that bend find it alone too, but are far from the mark after as many updates.
 */
import { type Cell, coRnn, gru, lru, lstm, orthogonal, rnn } from "retrograd/cells";
import { activation, dense, type Layer, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, cosine, mse, warmUp } from "retrograd/train";
import { type Aim, type Contender, generated, type Paper } from "./_experiment.ts";

/** x [rows, time, 2]: a number in [0, 1) and a mark; y [rows, 1]: the sum of the marked two. */
function batch(time: number, rows: number, uniform: () => number) {
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

const ROWS = 32;
const WARM = 100;
const INPUT = 2;

/** Layers between the sequence and the answer, with what was chosen for them. */
interface Recurrent {
  readonly name: string;
  readonly aim?: Aim;
  readonly layers: readonly Layer[];
  readonly rate: number;
  readonly chosen: Contender["settings"] & { readonly size: number };
}

/** A cell that reads the sequence as it is. */
const bare = (name: string, cell: Cell, chosen: Recurrent["chosen"]): Recurrent => ({
  ...{ name, rate: 5e-3, chosen },
  layers: [unroll(cell)],
});

/** A cell that reads it through a rectifier. */
const rectified = (name: string, cell: Cell, rate: number, chosen: Recurrent["chosen"]) => ({
  ...{ name, rate, chosen: { ...chosen, rectified: chosen.size } },
  layers: [dense(chosen.size, { input: INPUT }), activation("relu"), unroll(cell)],
});

/**
 * Two LRUs. The first begins anywhere in the unit disk and mostly forgets soon: the rectifier sees
 * number and mark rather than sums of earlier ones. The second begins slow: of what it adds up at
 * least 60 % is left after the whole sequence, and it turns by no more than a radian.
 */
function lruPair(size: number, time: number): Recurrent {
  const slow = { ring: [1 - 0.5 / time, 1], phase: [0, 1 / time] } as const;
  return {
    name: "lru",
    layers: [
      unroll(lru({ size, input: INPUT })),
      dense(size),
      activation("relu"),
      unroll(lru({ size, ...slow })),
    ],
    rate: 1e-2,
    chosen: {
      ...{ size, rectified: size },
      ring: `0–1, then ${slow.ring.join("–")}`,
      phase: `0–2π, then ${slow.phase.join("–")}`,
    },
  };
}

/** Four directions are turned; whatever else the state holds stays as it is. */
const REFLECTIONS = { method: "householder", reflections: 4, activation: "modReLU" } as const;
/**
 * Of a velocity a tenth is left after a moment, 1 − Δt ε, so that even the last number is in y when
 * it is asked for; and y goes back by Δt γ / ε = 0.2 % in each. The paper's Δt = 0.016, γ = 94.5,
 * ε = 9.5 leave it to W to hold anything for more than 13 moments.
 */
const OSCILLATOR = { dt: 0.1, stiffness: 0.2, damping: 9 };

const recurrences = (size: number, time: number): Recurrent[] => [
  bare("lstm", lstm({ size, input: INPUT, chrono: time }), { size, chrono: time }),
  bare("gru", gru({ size, input: INPUT, chrono: time }), { size, chrono: time }),
  rectified("orthogonal", orthogonal({ size, ...REFLECTIONS }), 1e-2, { size, ...REFLECTIONS }),
  rectified("coRnn", coRnn({ size, ...OSCILLATOR }), 2e-2, { size, ...OSCILLATOR }),
  lruPair(size / 2, time),
  {
    ...bare("rnn", rnn({ size, input: INPUT }), { size, activation: "tanh" }),
    aim: { stayAbove: 0.15 },
  },
];

function contender({ name, aim, layers, rate, chosen }: Recurrent, steps: number): Contender {
  const decay = steps - WARM;
  return {
    ...{ name, aim, steps },
    model: sequential(...layers, lastStep(), dense(1)),
    optimizer: adam(rate),
    schedule: warmUp(WARM, cosine(decay)),
    clip: { norm: 1 },
    settings: { ...chosen, optimizer: "adam", rate, warmUp: WARM, cosine: decay, clip: 1 },
  };
}

export const paper: Paper = {
  name: "adding",
  title: "The adding problem",
  source:
    "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, experiment 4; biases: " +
    "Tallec and Ollivier 2018, arXiv:1804.11188; orthogonal: Mhammedi et al. 2017, " +
    "arXiv:1612.00188, with modReLU: Helfrich et al. 2018, arXiv:1707.09520; coRNN: Rusch and " +
    "Mishra 2021, arXiv:2010.00951; LRU: Orvieto et al. 2023, arXiv:2303.06349",
  experiment(quick) {
    const time = quick ? 60 : 500;
    const [size, steps, below] = quick ? [16, 1000, 2e-2] : [32, 3000, 1e-3];
    const seeds = quick ? [1] : [1, 2, 3];
    const needed = quick ? 1 : 2;
    return {
      claim:
        `T = ${time}: LSTM and GRU with chrono biases, an orthogonal network, coRNN and two LRUs ` +
        `come below ${below} mean squared error from at least ${needed} of ${seeds.length} seeds; ` +
        "after as many updates as they may take, a plain tanh network is still above 0.15",
      size: { time, rows: ROWS },
      contenders: recurrences(size, time).map((one) => contender(one, steps)),
      seeds,
      needed,
      loss: mse(),
      measure: "loss",
      mark: { below },
      baseline: 1 / 6,
      data: generated(100, (uniform) => batch(time, ROWS, uniform)),
    };
  },
};
