import { gru, lstm, rnn } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, rmsprop } from "retrograd/train";
import { trial } from "./_experiment.ts";
import { paper } from "./copying.ts";

const [kind, size, rate, steps] = process.argv.slice(2);
const n = Number(size);
const cells: any = {
  tanh: () => rnn({ size: n, input: 10 }),
  relu: () => rnn({ size: n, input: 10, activation: "relu" }),
  gru: () => gru({ size: n, input: 10, chrono: 120 }),
  lstm: () => lstm({ size: n, input: 10, chrono: 120 }),
};
const e = paper.experiment(false);
const c = {
  name: kind,
  model: sequential(unroll(cells[kind]()), dense(10)),
  optimizer: adam(Number(rate)),
  clip: { norm: 1 },
  steps: Number(steps),
  settings: {},
};
const r = await trial(e, c as any, 1, "auto", (t) => console.log(t));
console.log(r.score, r.steps, r.seconds);
