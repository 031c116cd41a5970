/**
 * A cell of your own: one sample, one moment. Batching, the loop through time, its derivative and its
 * compilation are the library's. It learns to repeat what it heard three steps ago.
 */
import { random, tensor } from "retrograd";
import { cell } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, mse, train } from "retrograd/train";

const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
    b: init.zeros([size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U, b }) {
    const next = h.mul(0.5).add(h.dot(W).add(x.dot(U)).add(b).tanh().mul(0.5));
    return { state: { h: next }, output: next };
  },
});

const [batch, time, lag] = [16, 24, 3];
const inputs = random.uniform(random.key(1), [batch, time, 1]);
const heard = inputs.toArray() as number[][][];
const targets = tensor(heard.map((row) => row.map((_, t) => [t < lag ? 0 : row[t - lag][0]])));

const model = sequential(unroll(leaky({ size: 24 })), dense(1));
const steps = process.argv.includes("--quick") ? 150 : 600;
const run = train({
  model,
  data: { batches: () => [{ inputs, targets }] },
  loss: mse(),
  optimizer: adam(1e-2),
  epochs: steps,
  seed: 0,
});
let first = 0;
let last = 0;
for await (const event of run) {
  if (event.type !== "step") continue;
  first ||= event.loss;
  last = event.loss;
}
console.log(`mean squared error ${first.toFixed(4)} → ${last.toFixed(4)} after ${steps} steps`);
if (!(last < first / 5)) throw new Error("the leaky cell did not learn to repeat what it heard");
