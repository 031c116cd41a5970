/**
 * A model that runs as its input arrives gives what one pass over the whole sequence gives, and a
 * moment costs the same however much came before.
 */
import { random } from "retrograd";
import { gru, stack } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";

const TIME = process.argv.includes("--quick") ? 2_000 : 20_000;
const cells = stack(gru({ size: 32 }), gru({ size: 16 }));
const model = sequential(dense(8, { input: 3, activation: "tanh" }), unroll(cells), dense(2));
const params = model.init(random.key(0));
const x = random.normal(random.key(1), [1, TIME, 3]);

const whole = model.apply(params, x).data;

const live = model.stream(params);
const times: number[] = [];
let largest = 0;
for (let t = 0; t < TIME; t++) {
  const start = performance.now();
  const y = live.push(x.data.subarray(3 * t, 3 * t + 3)).data;
  times.push(performance.now() - start);
  for (let k = 0; k < 2; k++) largest = Math.max(largest, Math.abs(y[k] - whole[2 * t + k]));
}
const median = (part: number[]) => part.sort((a, b) => a - b)[part.length >> 1] * 1e3;
const half = TIME / 2;
console.log(`largest difference over ${TIME} moments: ${largest.toExponential(1)}`);
console.log(`a moment takes ${median(times.slice(500, half)).toFixed(1)} µs in the first half,`);
console.log(`and ${median(times.slice(half)).toFixed(1)} µs in the second`);
if (!(largest < 1e-5)) throw new Error("streaming differs from the whole");
