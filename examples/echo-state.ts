/**
 * An echo state network: a random recurrence that is never trained, and a readout that is. Frozen,
 * the recurrence runs forwards only, so a step of training is little more than a forecast.
 */
import { tensor } from "retrograd";
import { cell } from "retrograd/cells";
import { dense, frozen, sequential, unroll } from "retrograd/layers";
import { adam, mse, train } from "retrograd/train";

const quick = process.argv.includes("--quick");
const [epochs, mark] = quick ? [150, 0.65] : [500, 0.55];

/** h' = tanh(h W + x U), W of spectral radius 0.9. Jaeger 2001, GMD Report 148. */
const echo = cell({
  name: "echo",
  params: ({ input, size }, init) => ({
    W: init.spectral([size, size], 0.9),
    U: init.uniform([input, size], 0.5),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U }) {
    const next = h.dot(W).add(x.dot(U)).tanh();
    return { state: { h: next }, output: next };
  },
});
const model = sequential(frozen(unroll(echo({ size: 100, input: 1 }))), dense(1));

/**
 * The task NARMA-10: y' = 0.3 y + 0.05 y (y + … + y₋₉) + 1.5 u₋₉ u + 0.1, u uniform in [0, 1/2).
 * Atiya and Parlos 2000, doi:10.1109/72.846741, eq. 86.
 */
const ORDER = 10;
function narma(time: number, seed: number) {
  let noise = seed;
  const u = Float32Array.from({ length: time }, () => {
    noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
    return noise / 2 ** 33;
  });
  const y = new Float32Array(time + 1);
  for (let t = ORDER - 1; t < time; t++) {
    const last = y.subarray(t - ORDER + 1, t + 1).reduce((sum, x) => sum + x, 0);
    y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * last + 1.5 * u[t - ORDER + 1] * u[t] + 0.1;
  }
  return { u, y: y.subarray(1) };
}
const TIME = 1000;
const SETTLED = 100; // before, the state and the series have not forgotten how they began
const mask = tensor(Float32Array.from({ length: TIME }, (_, t) => (t < SETTLED ? 0 : 1)));
function batch(seed: number) {
  const { u, y } = narma(TIME, seed);
  const as = (x: Float32Array) => tensor(x, { shape: [1, TIME, 1] });
  const mean = y.subarray(SETTLED).reduce((sum, x) => sum + x, 0) / (TIME - SETTLED);
  const variance =
    y.subarray(SETTLED).reduce((sum, x) => sum + (x - mean) ** 2, 0) / (TIME - SETTLED);
  return { inputs: as(u), targets: as(y), mask: mask.reshape([1, TIME]), variance };
}

const data = [1, 2, 3, 4].map(batch);
const run = train({ model, data, loss: mse(), optimizer: adam(0.01), epochs });
for await (const event of run)
  if (event.type === "epoch" && event.epoch % 50 === 0)
    console.log(`epoch ${event.epoch}: ${event.loss.toExponential(2)}`);

const { inputs, targets, variance } = batch(5);
const wrong = model.apply(run.params, inputs).sub(targets).slice(0).slice([SETTLED, TIME]);
const nrmse = Math.sqrt(wrong.square().mean().item() / variance);
console.log(`normalised error on a new series: ${nrmse.toFixed(3)} (1: saying the mean)`);
if (!(nrmse < mark)) throw new Error(`the readout did not learn: ${nrmse}`);
