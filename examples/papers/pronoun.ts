/**
 * Who is "they"? A text of short sentences: in every other one a name is spoken of, and the next one
 * asks for its pronoun. The name is nearer than the window, but never in the same sentence: where
 * training begins anew at each sentence nothing can be learned, however long it lasts; where the
 * state goes on and the borders of the windows lie elsewhere in each epoch, all of it can.
 */
import { tensor } from "retrograd";
import { gru } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, type Fed, type Method, metrics, truncated } from "retrograd/train";
import { type Contender, generated, type Paper } from "./_experiment.ts";

const PRONOUNS = 4;
const NAMES = 12;
const WORDS = 6;
/** Names are 0 … 11, three for each pronoun; then words, and the place of a pronoun. */
const QUESTION = NAMES + WORDS;
const KINDS = QUESTION + 1;
const SENTENCE = 8;
const SENTENCES = 16;
const TIME = SENTENCE * SENTENCES;
const WINDOW = 3 * SENTENCE;
const ROWS = 32;

/** x [rows, T, 19], one-hot; y [rows, T]: the pronoun where it is asked for, else −1. */
function batch(rows: number, uniform: () => number) {
  const below = (n: number) => Math.floor(uniform() * n);
  const x = new Float32Array(rows * TIME * KINDS);
  const y = new Int32Array(rows * TIME).fill(-1);
  for (let row = 0; row < rows; row++) {
    let name = 0;
    for (let s = 0; s < SENTENCES; s++) {
      const place = below(SENTENCE);
      if (s % 2 === 0) name = below(NAMES);
      for (let k = 0; k < SENTENCE; k++) {
        const at = row * TIME + s * SENTENCE + k;
        const special = s % 2 === 0 ? name : QUESTION;
        x[at * KINDS + (k === place ? special : NAMES + below(WORDS))] = 1;
        if (s % 2 === 1 && k === place) y[at] = name % PRONOUNS;
      }
    }
  }
  return {
    inputs: { data: x, shape: [rows, TIME, KINDS] },
    targets: { data: y, shape: [rows, TIME] },
  };
}

/** Each sentence for itself: a window for each, from the first state. */
function bySentence(): Method {
  const own = truncated({ window: SENTENCE });
  const anew = (part: Fed): Fed => {
    const all = Uint8Array.from({ length: part.inputs.shape[0] }, () => 1);
    return { ...part, start: tensor(all, { dtype: "bool" }) };
  };
  return { ...own, name: "by sentence", cut: (fed) => [...own.cut!(fed)].map(anew) };
}

function contender(name: string, method: Method, steps: number, aim?: Contender["aim"]) {
  const [size, rate] = [32, 5e-3];
  return {
    ...{ name, method, steps, aim },
    model: sequential(unroll(gru({ size, input: KINDS })), dense(PRONOUNS)),
    optimizer: adam(rate),
    clip: { norm: 1 },
    settings: { size, optimizer: "adam", rate, clip: 1, method: JSON.stringify(method.settings) },
  };
}

export const paper: Paper = {
  name: "pronoun",
  title: "A pronoun whose name is in the sentence before",
  source: "truncation: Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490; the task is ours",
  experiment(quick) {
    const steps = quick ? 1200 : 4000;
    const seeds = quick ? [1] : [1, 2, 3];
    const chance = 1 / PRONOUNS;
    return {
      claim:
        `windows of ${WINDOW} steps whose state goes on and whose borders move say at least 95 % ` +
        `of the pronouns; begun anew at each sentence, no more than 30 % (chance: 25 %)`,
      size: { time: TIME, sentence: SENTENCE, window: WINDOW, rows: ROWS },
      contenders: [
        contender("carried, staggered", truncated({ window: WINDOW, stagger: true }), steps),
        contender("anew at each sentence", bySentence(), steps, { stayBelow: 0.3 }),
      ],
      seeds,
      needed: seeds.length,
      loss: crossEntropy({ ignore: -1 }),
      metrics: [metrics.accuracy({ ignore: -1 })],
      measure: "accuracy",
      mark: { atLeast: 0.95 },
      baseline: chance,
      data: generated(20, (uniform) => batch(ROWS, uniform)),
    };
  },
};
