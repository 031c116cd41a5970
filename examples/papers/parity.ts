/**
 * Parity: whether a string holds an even or an odd number of ones. A network that has learned to
 * track a state says it for strings of any length; one whose state turns without looking at what it
 * holds has learned, at best, the lengths that it was shown.
 */
import { block, type Cell, lstm, mamba, sLstm, stack } from "retrograd/cells";
import { dense, embedding, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Aim, type Contender, generated, type Paper } from "./_experiment.ts";

/**
 * x [rows, longest]: random bits, of which the first `lengths` [rows] count; y [rows]: 1 where the
 * ones among them are odd.
 */
function batch(shortest: number, longest: number, rows: number, uniform: () => number) {
  const x = new Int32Array(rows * longest);
  const y = new Int32Array(rows);
  const lengths = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    lengths[row] = shortest + Math.floor(uniform() * (longest - shortest + 1));
    for (let t = 0; t < lengths[row]; t++) {
      const bit = uniform() < 0.5 ? 0 : 1;
      x[row * longest + t] = bit;
      y[row] ^= bit;
    }
  }
  return {
    inputs: { data: x, shape: [rows, longest] },
    targets: { data: y, shape: [rows] },
    lengths: { data: lengths, shape: [rows] },
  };
}

function contender(name: string, cell: Cell, size: number, rate: number, steps: number, aim?: Aim) {
  const settings = { size, optimizer: "adam", rate, clip: 1 };
  return {
    name,
    aim,
    model: sequential(embedding(2, size), unroll(cell), lastStep(), dense(2)),
    optimizer: adam(settings.rate),
    clip: { norm: settings.clip },
    steps,
    settings,
  } satisfies Contender;
}

export const paper: Paper = {
  name: "parity",
  title: "Parity beyond the lengths that were shown",
  source:
    "Beck et al. 2024, arXiv:2405.04517, section 4.1; Delétang et al. 2023, arXiv:2207.02098; why " +
    "not Mamba: Merrill et al. 2024, arXiv:2404.08819",
  experiment(quick) {
    const [shown, longest, rows] = quick ? [12, 48, 32] : [40, 256, 64];
    const [size, rate, steps] = quick ? [16, 1e-2, 2000] : [32, 5e-3, 20000];
    const make = (name: string, cell: Cell, least: number, aim?: Aim) =>
      contender(name, cell, size, rate, least, aim);
    const layer = () => block(mamba({ size }));
    return {
      claim:
        `LSTM and sLSTM, shown strings of up to ${shown} bits, say the parity of at least 99 % of ` +
        `strings of ${shown} to ${longest}`,
      size: { shown, longest, rows },
      contenders: [
        make("lstm", lstm({ size }), steps),
        make("sLstm", sLstm({ size }), steps),
        make("mamba", stack(layer(), layer()), quick ? 200 : 2000, "print"),
      ],
      seeds: [1],
      needed: 1,
      loss: crossEntropy(),
      metrics: [metrics.accuracy()],
      measure: "accuracy",
      mark: { atLeast: 0.99 },
      baseline: 0.5,
      data: generated(
        quick ? 100 : 250,
        (uniform) => batch(1, shown, rows, uniform),
        (uniform) => batch(shown, longest, rows, uniform),
      ),
    };
  },
};
