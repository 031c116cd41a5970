/**
 * A forecast of a series with a season and a trend, held against the naive ones: tomorrow as today,
 * and tomorrow as a season ago. The last fifth is never learned from.
 */
import { tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, mse, train } from "retrograd/train";

const isQuick = process.argv.includes("--quick");
const SEASON = 24;
let state = 7;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const series = Float32Array.from({ length: 1200 }, (_, t) => {
  const season = Math.sin((2 * Math.PI * t) / SEASON) + 0.5 * Math.sin((4 * Math.PI * t) / SEASON);
  const slow = Math.sin((2 * Math.PI * t) / 310);
  return (season * (1 + 0.5 * slow) + slow + 0.3 * (uniform() - 0.5)) / 1.5;
});
const split = Math.floor(series.length * 0.8);

// The network says how much tomorrow differs from today, at every moment of a window.
const [ROWS, TIME] = [16, 72];
const model = sequential(unroll(lstm({ size: isQuick ? 16 : 32, input: 1 })), dense(1));
const changeAt = (t: number) => series[t + 1] - series[t];
const data = {
  *batches(epoch: number) {
    for (let index = 0; index < 20; index++) {
      const starts = Array.from(
        { length: ROWS },
        (_, row) => ((epoch * 20 + index) * 211 + row * 61) % (split - TIME - 1),
      );
      const gather = (f: (t: number) => number) =>
        Float32Array.from(
          starts.flatMap((at) => Array.from({ length: TIME }, (_, t) => f(at + t))),
        );
      yield {
        inputs: { data: gather((t) => series[t]), shape: [ROWS, TIME, 1] },
        targets: { data: gather(changeAt), shape: [ROWS, TIME, 1] },
      };
    }
  },
};
const steps = isQuick ? 400 : 2000;
const run = train({ model, data, loss: mse(), optimizer: adam(5e-3), clip: { norm: 1 }, steps });
for await (const event of run)
  if (event.type === "epoch" && event.step % 100 === 0)
    console.log(`${event.step} updates: loss ${event.loss.toFixed(4)}`);

// One pass over the whole series; only what was not learned from is judged.
const inputs = tensor(series, { shape: [1, series.length, 1] });
const changes = model.apply(run.params, inputs).data;
const error = (forecast: (t: number) => number) => {
  let sum = 0;
  for (let t = split; t < series.length - 1; t++) sum += Math.abs(forecast(t) - series[t + 1]);
  return sum / (series.length - 1 - split);
};
const scores = {
  "as today": error((t) => series[t]),
  "as a season ago": error((t) => series[t + 1 - SEASON]),
  LSTM: error((t) => series[t] + changes[t]),
};
for (const [name, score] of Object.entries(scores))
  console.log(`${name.padEnd(16)} mean absolute error ${score.toFixed(4)}`);
const naive = Math.min(scores["as today"], scores["as a season ago"]);
if (!(scores.LSTM < naive)) throw new Error("the network is no better than the naive forecasts");
