/** Models in which nothing is wrong: a rule that is broken by one of them is a false alarm. */
import { concatenate, random, type Tensor, tensor, where, zeros } from "retrograd";
import { attending, bidirectional, cell, gru, lstm, rnn, stack, zoneout } from "retrograd/cells";
import {
  activation,
  dense,
  dropout,
  embedding,
  everyStep,
  lastStep,
  layerNorm,
  maxOverTime,
  meanOverTime,
  sequential,
  unroll,
} from "retrograd/layers";
import type { Checkable, Given } from "../../src/check/index.ts";
import { draw, handmade, INPUT, inputs, loop } from "./handmade.ts";

const sizes = { size: 4, input: 3 };

/** The last three inputs kept in the state: a causal convolution that may be cut anywhere. */
const delays = cell({
  name: "delays",
  params: ({ input, size }, init) => ({ K: init.glorot([3 * input, size]) }),
  state: ({ input }) => ({ before: [input], earlier: [input] }),
  step({ before, earlier }, x, { K }) {
    const output = concatenate([x, before, earlier], 0).dot(K);
    return { state: { before: x, earlier: before }, output };
  },
});
/** A mean of all that came, with a count of whole numbers. */
const average = cell({
  name: "average",
  params: ({ input, size }, init) => ({ W: init.glorot([input, size]) }),
  state: ({ size }) => ({ count: { shape: [], dtype: "int32" }, sum: [size] }),
  step({ count, sum }, x, { W }) {
    const next = { count: count.add(1), sum: sum.add(x.dot(W)) };
    return { state: next, output: next.sum.div(next.count.cast(sum.dtype as "float32")) };
  },
});

const leakyStep = ({ h }: { h: Tensor }, x: Tensor, { decay }: { decay: Tensor }) => {
  const next = h.mul(decay).add(x);
  return { state: { h: next }, output: next };
};
const logisticMap = ({ x }: { x: Tensor }, push: Tensor, { r }: { r: Tensor }) => {
  const next = r.mul(x).mul(x.mul(-1).add(1)).add(push.mul(0.01));
  return { state: { x: next }, output: next };
};
/** A scalar Kalman filter: mean m and variance v of a random walk seen through noise. */
const kalman = (
  { m, v }: { m: Tensor; v: Tensor },
  y: Tensor,
  { q, r }: { q: Tensor; r: Tensor },
) => {
  const wide = v.add(q);
  const gain = wide.div(wide.add(r));
  const next = { m: m.add(gain.mul(y.sub(m))), v: wide.mul(gain.mul(-1).add(1)) };
  return { state: next, output: next.m };
};
const series = draw(6, [8], 1);

export interface Sound {
  readonly name: string;
  readonly model: () => Checkable;
  readonly given?: Given;
}

const all: readonly (readonly [name: string, model: () => Checkable, given?: Given])[] = [
  ["rnn", () => rnn(sizes)],
  ["rnn, relu", () => rnn({ ...sizes, activation: "relu" })],
  ["gru", () => gru(sizes)],
  ["gru, reset before", () => gru({ ...sizes, reset: "before", update: "move" })],
  ["gru, learned first state", () => gru({ ...sizes, initial: "learned" })],
  ["lstm", () => lstm(sizes)],
  ["lstm, two biases", () => lstm({ ...sizes, biases: 2 })],
  ["stack with dropout", () => stack(gru(sizes), lstm({ size: 3 }), { dropout: 0.3 })],
  ["zoneout", () => zoneout(lstm(sizes), 0.2)],
  ["bidirectional, which says so", () => bidirectional(gru(sizes))],
  [
    "read backwards, which says so",
    () => sequential(unroll(rnn(sizes), { reverse: true }), everyStep()),
  ],
  [
    "language model",
    () => sequential(embedding(7, 3), unroll(lstm({ size: 4 })), dropout(0.2), dense(7)),
  ],
  ["classifier, last step", () => sequential(unroll(gru(sizes)), lastStep(), dense(2))],
  ["classifier, mean", () => sequential(unroll(rnn(sizes)), meanOverTime(), dense(2))],
  ["classifier, maximum", () => sequential(unroll(rnn(sizes)), maxOverTime(), dense(2))],
  [
    "layer norm between layers",
    () => sequential(unroll(gru(sizes)), layerNorm(), unroll(rnn({ size: 3 })), activation("relu")),
  ],
  ["attention to its past", () => attending({ size: 4, input: 4 })],
  ["delay line", () => delays(sizes)],
  ["running mean", () => average(sizes)],
  ["by hand", () => handmade(loop), { inputs }],
  [
    "by hand, dropout of the inputs",
    () =>
      handmade((p, x, o) => {
        if (!o.train) return loop(p, x, o);
        const drop = random.uniform(o.key!, x.shape).less(0.5);
        return loop(p, where(drop, 0, x), o);
      }),
    { inputs },
  ],
  [
    "leaky memory, a step",
    () => leakyStep,
    {
      state: { h: zeros([INPUT]) },
      inputs: draw(7, [9, INPUT], 1),
      params: { decay: tensor(0.5) },
    },
  ],
  [
    "logistic map, a step",
    () => logisticMap,
    { state: { x: tensor(0.3) }, inputs: series, params: { r: tensor(3.7) } },
  ],
  [
    "Kalman filter, a step",
    () => kalman,
    {
      state: { m: tensor(0), v: tensor(1) },
      inputs: series,
      params: { q: tensor(0.1), r: tensor(0.5) },
    },
  ],
];

export const sound: readonly Sound[] = all.map(([name, model, given]) => ({ name, model, given }));
