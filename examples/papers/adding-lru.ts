/**
 * The adding problem over 500 moments with linear recurrences, which alone could only add with
 * weights that fade: the network between them lets a mark choose what is added.
 */
import { block, lru, stack } from "retrograd/cells";
import { dense, lastStep, layerNorm, sequential, unroll } from "retrograd/layers";
import { adam, mse } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";
import { batch } from "./adding.ts";

/** Where the units begin: slow to fade and slow to turn, so that they keep what they saw. */
const RING = [0.99, 1] as const;
const PHASE = [0, Math.PI / 10] as const;

function contender(size: number, steps: number): Contender {
  const settings = {
    size,
    ring: RING.join("–"),
    phase: PHASE.map((x) => x.toFixed(3)).join("–"),
    optimizer: "adam",
    rate: 2e-3,
    clip: 1,
  };
  const layer = () => block(lru({ size, ring: RING, phase: PHASE }));
  return {
    name: "lru",
    model: sequential(
      dense(size, { input: 2 }),
      unroll(stack(layer(), layer())),
      layerNorm(),
      lastStep(),
      dense(1),
    ),
    optimizer: adam(settings.rate),
    clip: { norm: settings.clip },
    steps,
    settings,
  };
}

export const paper: Paper = {
  name: "adding-lru",
  title: "The adding problem with linear recurrent units",
  source:
    "Orvieto et al. 2023, arXiv:2303.06349; the problem: Hochreiter and Schmidhuber 1997, " +
    "doi:10.1162/neco.1997.9.8.1735, experiment 4",
  experiment(quick) {
    const time = quick ? 30 : 500;
    const [size, steps, below] = quick ? [16, 600, 2e-2] : [32, 6000, 1e-3];
    const seeds = quick ? [1] : [1, 2, 3];
    const needed = quick ? 1 : 2;
    return {
      claim:
        `T = ${time}: two LRU blocks with a gated network between them come below ${below} mean ` +
        `squared error from at least ${needed} of ${seeds.length} seeds`,
      size: { time, rows: 32 },
      contenders: [contender(size, steps)],
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
