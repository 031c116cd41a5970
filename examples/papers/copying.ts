/**
 * The copying problem: ten symbols of eight are shown, then nothing for T moments, then a sign; the
 * network is to say the ten symbols. What is kept must pass T + 10 steps without growing or fading,
 * and so must the gradient. A rotation does that: of all units at once, by a matrix that stays
 * orthogonal or begins so, or of one complex unit, |λ| near 1. An LRU is a matter of where it
 * begins: of |λ| in [0.999, 1] at least 0.999⁵¹⁰ = 60 % of a symbol is left when it is asked for;
 * of the whole unit disk two units in a thousand begin there.
 */
import { type Cell, lru, orthogonal, rnn } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";

const SYMBOLS = 8;
const LENGTH = 10;
/** Nothing is 0, the symbols are 1 to 8, the sign to speak is 9. */
const SIGN = SYMBOLS + 1;
const KINDS = SYMBOLS + 2;
const ROWS = 64;

/**
 * x [rows, T + 20, 10], one-hot; y [rows, T + 20]: −1, which no loss counts, but for the last ten.
 */
function batch(blank: number, rows: number, uniform: () => number) {
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

const sequences = (blank: number) => generated(50, (uniform) => batch(blank, ROWS, uniform));

interface Trained {
  readonly rate: number;
  readonly steps: number;
  readonly settings: Readonly<Record<string, number | string>>;
}

function contender(name: string, cell: Cell, { rate, steps, settings }: Trained): Contender {
  const clip = { norm: 1 };
  return {
    name,
    model: sequential(unroll(cell), dense(KINDS)),
    optimizer: adam(rate),
    clip,
    steps,
    settings: { ...settings, optimizer: "adam", rate, clip: clip.norm },
  };
}

interface Sizes {
  /** Units of matrices; complex units of LRUs. */
  readonly size: number;
  readonly states: number;
  /** T of the matrix that is free to turn into another kind. */
  readonly shorter: number;
  /** Of matrices. */
  readonly rate: number;
  /** Updates at most; of the LRU that is not expected to learn, fewer suffice. */
  readonly steps: number;
  readonly diskSteps: number;
}

function contenders({ size, states, shorter, rate, steps, diskSteps }: Sizes): Contender[] {
  const onRing = (name: string, ring: readonly [number, number], most: number) =>
    contender(name, lru({ size: 64, states, ring, input: KINDS }), {
      rate: 2e-3,
      steps: most,
      settings: { size: 64, states, ring: ring.join("–") },
    });
  const linear = { size, activation: "linear", input: KINDS };
  const settings = { size, activation: "linear" };
  return [
    contender("orthogonal", orthogonal(linear), { rate, steps, settings }),
    onRing("lru, ring [0.999, 1]", [0.999, 1], steps),
    { ...onRing("lru, ring [0, 1]", [0, 1], diskSteps), aim: "print" },
    {
      ...contender("rotation", rnn(linear), {
        rate,
        steps,
        settings: { blank: shorter, ...settings },
      }),
      data: sequences(shorter),
    },
  ];
}

export const paper: Paper = {
  name: "copying",
  title: "The copying problem",
  source:
    "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; this form: Arjovsky et al. " +
    "2016, arXiv:1511.06464; orthogonal matrices: Lezcano-Casado and Martínez-Rubio 2019, " +
    "arXiv:1901.08428; the ring: Orvieto et al. 2023, arXiv:2303.06349; linear transitions: " +
    "Henaff et al. 2016, arXiv:1602.06662",
  experiment(quick) {
    const [blank, shorter] = quick ? [60, 20] : [500, 100];
    const sizes = quick
      ? { size: 64, states: 96, shorter, rate: 2e-3, steps: 1000, diskSteps: 50 }
      : { size: 128, states: 128, shorter, rate: 1e-3, steps: 3000, diskSteps: 300 };
    const seeds = quick ? [1] : [1, 2, 3];
    return {
      claim:
        `T = ${blank}: an orthogonal RNN, and an LRU whose |λ| begins in [0.999, 1], say at least ` +
        `99 % of the last ten symbols; T = ${shorter}: so does a linear recurrence that begins as ` +
        `a rotation; each from ${seeds.length} of ${seeds.length} seeds`,
      size: { blank, rows: ROWS },
      contenders: contenders(sizes),
      seeds,
      needed: seeds.length,
      loss: crossEntropy({ ignore: -1 }),
      metrics: [metrics.accuracy({ ignore: -1 })],
      measure: "accuracy",
      mark: { atLeast: 0.99 },
      baseline: 1 / SYMBOLS,
      data: sequences(blank),
    };
  },
};
