/**
 * A cell of your own: write what happens to one sample in one moment. Batching, the loop through
 * time, its derivative and the compiled training step are made from it.
 */
import { tensor } from "retrograd";
import { cell } from "retrograd/cells";
import { dense, describe, lastStep, sequential, unroll } from "retrograd/layers";
import { adam, mse, train } from "retrograd/train";

const steps = process.argv.includes("--quick") ? 300 : 1500;

/** A few slow units and a few fast ones: each unit has a rate of its own, and learns it. */
const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
    b: init.zeros([size]),
    rate: init.values([size], ([unit]) => (4 * unit) / size - 3),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U, b, rate }) {
    const target = h.dot(W).add(x.dot(U)).add(b).tanh();
    const next = h.add(rate.logistic().mul(target.sub(h)));
    return { state: { h: next }, output: next };
  },
});

const model = sequential(unroll(leaky({ size: 16, input: 1 })), lastStep(), dense(1));
console.log(describe(model));

// The task: the mean of a noisy sequence.
const [ROWS, TIME] = [32, 40];
let noise = 1;
const uniform = () => {
  noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
  return noise / 2 ** 32;
};
function batch() {
  const levels = Float32Array.from({ length: ROWS }, uniform);
  const x = Float32Array.from({ length: ROWS * TIME }, (_, i) => {
    return levels[Math.floor(i / TIME)] + uniform() - 0.5;
  });
  return {
    inputs: tensor(x, { shape: [ROWS, TIME, 1] }),
    targets: tensor(levels, { shape: [ROWS, 1] }),
  };
}
const data = {
  *batches() {
    for (let i = 0; i < 100; i++) yield batch();
  },
};

let [first, last] = [0, 0];
for await (const event of train({ model, data, loss: mse(), optimizer: adam(5e-3), steps })) {
  if (event.type !== "epoch") continue;
  first ||= event.loss;
  last = event.loss;
  console.log(`after ${event.step} updates: mean squared error ${event.loss.toFixed(4)}`);
}
// Saying 1/2 always is wrong by 1/12; one moment alone is as bad; the mean of 40 leaves 1/480.
if (!(last < first && last < 1 / 60)) throw new Error(`the cell did not learn: ${last}`);
