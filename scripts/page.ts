/**
 * What a page that trains a network has to load: an LSTM learns to say a wave one step ahead, and
 * the trained model runs compiled. Its bundle is measured by `npm run size`, and a test runs it.
 */
import { jit, type Tensor, tensor } from "retrograd";
import { lstm } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { adam, mse, train } from "retrograd/train";

const ROWS = 8;
const STEPS = 24;

/** Rows of a sine, each with a phase of its own; the target is the next number. */
function wave(): { inputs: Tensor; targets: Tensor } {
  const row = (from: number, k: number) =>
    Array.from({ length: STEPS }, (_, t) => [Math.sin(0.4 * (t + from) + k)]);
  const rows = (from: number) => tensor(Array.from({ length: ROWS }, (_, k) => row(from, k)));
  return { inputs: rows(0), targets: rows(1) };
}

/** Train for some epochs; tells the loss of each, and gives the trained model as a function. */
export async function learn(epochs: number, tell: (loss: number) => void) {
  const batch = wave();
  const model = sequential(unroll(lstm({ size: 16 })), dense(1));
  const data = { batches: () => [batch] };
  const run = train({ model, data, loss: mse(), optimizer: adam(0.02), epochs, seed: 0 });
  for await (const event of run) if (event.type === "epoch") tell(event.loss);
  const { params } = run;
  return jit((x: Tensor) => model.apply(params, x));
}
