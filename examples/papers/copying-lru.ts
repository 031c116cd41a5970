/**
 * The copying problem over 500 moments with linear recurrent units. What passes is a matter of where
 * they begin: |λ| in [0.999, 1] keeps at least 0.999⁵¹⁰ = 60 % of a symbol until it is asked for;
 * from the whole unit disk hardly any unit keeps one.
 */
import { lru } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, metrics } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";
import { batch, KINDS, ROWS, SYMBOLS } from "./copying.ts";

type Ring = readonly [number, number];

function contender(name: string, ring: Ring, states: number, steps: number): Contender {
  const settings = {
    size: 64,
    states,
    ring: ring.join("–"),
    optimizer: "adam",
    rate: 2e-3,
    clip: 1,
  };
  const cell = lru({ size: settings.size, states, ring, input: KINDS });
  return {
    name,
    model: sequential(unroll(cell), dense(KINDS)),
    optimizer: adam(settings.rate),
    clip: { norm: settings.clip },
    steps,
    settings,
  };
}

export const paper: Paper = {
  name: "copying-lru",
  title: "The copying problem with linear recurrent units",
  source:
    "Orvieto et al. 2023, arXiv:2303.06349 (the ring); the problem: Arjovsky et al. 2016, " +
    "arXiv:1511.06464",
  experiment(quick) {
    const blank = quick ? 100 : 500;
    const [states, steps] = quick ? [96, 400] : [128, 3000];
    const seeds = quick ? [1] : [1, 2, 3];
    return {
      claim:
        `T = ${blank}: an LRU whose |λ| begins in [0.999, 1] says at least 99 % of the last ten ` +
        `symbols, from ${seeds.length} of ${seeds.length} seeds`,
      size: { blank, rows: ROWS },
      contenders: [
        contender("ring [0.999, 1]", [0.999, 1], states, steps),
        { ...contender("ring [0, 1]", [0, 1], states, quick ? 100 : 300), aim: "print" },
      ],
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
