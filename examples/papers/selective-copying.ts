/**
 * Selective copying: symbols are shown at random moments among noise, and are to be said in their
 * order at the end. Where they lie differs from sequence to sequence, so that no fixed response to
 * the past will do: what is kept must depend on what is seen.
 */
import { block, type Cell, composite, init, lru, mamba, minGru, stack } from "retrograd/cells";
import { dense, embedding, sequential, unroll } from "retrograd/layers";
import { adam, cosine, crossEntropy, metrics, warmUp } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";

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
  /** Of the stream that runs past the layers. */
  readonly size: number;
  /** Numbers in a layer's state: of minGRU, and of the LRU, where they are complex. */
  readonly states: number;
  readonly rate: number;
  /** Moments that gates of minGRU begin with memories of, at most. */
  readonly chrono: number;
  /** Updates at most; of the LRU, which is to fail, fewer suffice. */
  readonly steps: number;
  readonly lruSteps: number;
}

/**
 * minGRU with a state wider than the stream: sixteen symbols of sixteen kinds are 64 bits to keep.
 *   y = minGRU(x) Wo
 */
const wide = (size: number, states: number, chrono: number): Cell =>
  composite({
    name: "wide",
    options: { size, states, chrono },
    cells: { gated: minGru({ size: states, chrono }) },
    params: () => ({ Wo: init.glorot([states, size]) }),
    flow: (x, { Wo }, through) => through.gated(x).dot(Wo),
  });

function contenders({ size, states, rate, chrono, steps, lruSteps }: Sizes): Contender[] {
  const make = (
    name: string,
    cell: Cell,
    layers: number,
    most: number,
    own: Contender["settings"],
  ): Contender => {
    const cells = Array.from({ length: layers }, () => block(cell));
    const schedule = warmUp(200, cosine(most));
    const [optimizer, clip] = [adam(rate), { norm: 1 }];
    const method = { optimizer: optimizer.name, rate, schedule: schedule.name, clip: clip.norm };
    return {
      name,
      model: sequential(embedding(KINDS, size), unroll(stack(...cells)), dense(KINDS)),
      ...{ optimizer, schedule, clip },
      steps: most,
      settings: { size, layers, ...own, ...method },
    };
  };
  return [
    make("minGru", wide(size, states, chrono), 3, steps, { states, chrono }),
    make("mamba", mamba({ size }), 2, steps, { states: "16 for each of 2 · size" }),
    {
      ...make("lru", lru({ size, states, ring: [0.9, 1] }), 2, lruSteps, { states }),
      aim: { stayBelow: 0.6 },
    },
  ];
}

export const paper: Paper = {
  name: "selective-copying",
  title: "Selective copying",
  source:
    "Gu and Dao 2023, arXiv:2312.00752, section 3.1; minGRU: Feng et al. 2024, arXiv:2410.01201; " +
    "the problem: Jing et al. 2019, arXiv:1706.02761",
  experiment(quick) {
    const [time, shown, rows, atLeast] = quick ? [16, 3, 16, 0.8] : [256, 16, 16, 0.95];
    const sizes = quick
      ? { size: 16, states: 32, rate: 1e-2, chrono: 8, steps: 800, lruSteps: 300 }
      : { size: 32, states: 192, rate: 5e-3, chrono: 32, steps: 10000, lruSteps: 4000 };
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
