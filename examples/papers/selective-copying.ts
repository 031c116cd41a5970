/**
 * Selective copying: symbols are shown at random moments among noise, and are to be said in their
 * order at the end. Where they lie differs from sequence to sequence, so that no fixed response to
 * the past will do: what is kept must depend on what is seen.
 */
import { block, type Cell, lru, mamba, minGru, stack } from "retrograd/cells";
import { dense, embedding, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Aim, type Contender, generated, type Paper } from "./_experiment.ts";

const SYMBOLS = 16;
/** Noise is 0, the symbols are 1 to 16, and the question is 17. */
const QUESTION = SYMBOLS + 1;
const KINDS = SYMBOLS + 2;

/**
 * x [rows, time + shown]: noise with `shown` symbols at moments drawn without return, and as many
 * questions; y the same: the symbols in their order, and −1, which no loss counts, before.
 */
function batch(time: number, shown: number, rows: number, uniform: () => number) {
  const whole = time + shown;
  const x = new Int32Array(rows * whole);
  const y = new Int32Array(rows * whole).fill(-1);
  for (let row = 0; row < rows; row++) {
    const from = row * whole;
    let left = shown;
    for (let t = 0; t < time; t++) {
      if (uniform() * (time - t) >= left) continue; // each choice of moments is as likely
      const symbol = 1 + Math.floor(uniform() * SYMBOLS);
      x[from + t] = symbol;
      y[from + time + shown - left--] = symbol;
    }
    x.fill(QUESTION, from + time, from + whole);
  }
  return { inputs: { data: x, shape: [rows, whole] }, targets: { data: y, shape: [rows, whole] } };
}

interface Sizes {
  readonly size: number;
  readonly rate: number;
  /** Updates at most; of the LRU, which is to fail, fewer suffice. */
  readonly steps: number;
  readonly lruSteps: number;
}

function contenders({ size, rate, steps, lruSteps }: Sizes): Contender[] {
  const make = (name: string, cell: Cell, layers: number, least: number, aim?: Aim): Contender => {
    const settings = { size, layers, optimizer: "adam", rate, clip: 1 };
    const cells = Array.from({ length: layers }, () => block(cell));
    return {
      name,
      aim,
      model: sequential(embedding(KINDS, size), unroll(stack(...cells)), dense(KINDS)),
      optimizer: adam(rate),
      clip: { norm: settings.clip },
      steps: least,
      settings,
    };
  };
  return [
    make("minGru", minGru({ size }), 3, steps),
    make("mamba", mamba({ size }), 2, steps),
    make("lru", lru({ size, ring: [0.9, 1] }), 2, lruSteps, { stayBelow: 0.6 }),
  ];
}

export const paper: Paper = {
  name: "selective-copying",
  title: "Selective copying",
  source:
    "Gu and Dao 2023, arXiv:2312.00752, section 3.1; minGRU: Feng et al. 2024, arXiv:2410.01201; " +
    "the problem: Jing et al. 2019, arXiv:1706.02761",
  experiment(quick) {
    const [time, shown, rows, atLeast] = quick ? [16, 3, 32, 0.8] : [128, 16, 32, 0.95];
    const sizes = quick
      ? { size: 16, rate: 1e-2, steps: 600, lruSteps: 200 }
      : { size: 64, rate: 3e-3, steps: 20000, lruSteps: 5000 };
    return {
      claim:
        `${shown} symbols among ${time} moments: minGRU with three layers and Mamba with two say at ` +
        `least ${100 * atLeast} % of them, an LRU with two less than 60 %`,
      size: { time, shown, rows },
      contenders: contenders(sizes),
      seeds: [1],
      needed: 1,
      loss: crossEntropy({ ignore: -1 }),
      metrics: [metrics.accuracy({ ignore: -1 })],
      measure: "accuracy",
      mark: { atLeast },
      baseline: 1 / SYMBOLS,
      data: generated(quick ? 100 : 200, (uniform) => batch(time, shown, rows, uniform)),
    };
  },
};
