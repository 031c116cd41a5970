/**
 * Induction heads: somewhere in a sequence of random tokens stands a sign, and the token behind it is
 * to be said when the sign comes again at the end. It takes two steps: to mark what follows a sign,
 * and to keep nothing else.
 */
import { block, type Cell, lru, mamba, minGru, stack } from "retrograd/cells";
import { dense, embedding, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Aim, type Contender, generated, type Paper } from "./_experiment.ts";

const TOKENS = 16;
/** The tokens are 0 to 15, the sign is 16. */
const SIGN = TOKENS;
const KINDS = TOKENS + 1;

/** x [rows, time]: tokens, one sign with one behind it, and a sign at the end; y [rows]. */
function batch(time: number, rows: number, uniform: () => number) {
  const x = new Int32Array(rows * time);
  const y = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * time;
    for (let t = 0; t < time; t++) x[from + t] = Math.floor(uniform() * TOKENS);
    const at = from + Math.floor(uniform() * (time - 2));
    x[at] = SIGN;
    y[row] = x[at + 1];
    x[from + time - 1] = SIGN;
  }
  return { inputs: { data: x, shape: [rows, time] }, targets: { data: y, shape: [rows] } };
}

function contenders(size: number, rate: number, steps: number): Contender[] {
  const make = (name: string, cell: Cell, aim?: Aim): Contender => {
    const settings = { size, layers: 2, optimizer: "adam", rate, clip: 1 };
    return {
      name,
      aim,
      model: sequential(
        embedding(KINDS, size),
        unroll(stack(block(cell), block(cell))),
        lastStep(),
        dense(KINDS),
      ),
      optimizer: adam(rate),
      clip: { norm: settings.clip },
      steps,
      settings,
    };
  };
  return [
    make("mamba", mamba({ size })),
    make("minGru", minGru({ size }), "print"),
    make("lru", lru({ size, ring: [0.9, 1] }), "print"),
  ];
}

export const paper: Paper = {
  name: "induction",
  title: "Induction heads",
  source: "Gu and Dao 2023, arXiv:2312.00752, section 4.1.2; Olsson et al. 2022, arXiv:2209.11895",
  experiment(quick) {
    const [time, size, rows] = quick ? [16, 16, 32] : [256, 32, 16];
    const [rate, steps] = quick ? [8e-3, 400] : [3e-3, 10000];
    return {
      claim: `T = ${time}: Mamba with two layers says at least 95 % of the tokens behind the sign`,
      size: { time, rows },
      contenders: contenders(size, rate, steps),
      seeds: [1],
      needed: 1,
      loss: crossEntropy(),
      metrics: [metrics.accuracy()],
      measure: "accuracy",
      mark: { atLeast: 0.95 },
      baseline: 1 / TOKENS,
      data: generated(quick ? 50 : 200, (uniform) => batch(time, rows, uniform)),
    };
  },
};
