/**
 * brain.js, as a contender: brain.ts small LSTMTimeStep
 *
 * It knows no batch: a step is as many sequences, one after another, each predicted moment by moment
 * to its end. It draws its own weights, learns by RMSProp, and its gradients are wrong (biases are
 * assigned where they should be summed, and its LSTM has no cell state), so its loss says nothing: a
 * row of speed, with that remark.
 */
import { type Contender, firstSteps, serve } from "./contender.ts";
import { requireFrom, versionOf } from "./installed.ts";
import { readNumbers } from "./numbers.ts";

const [name, variant] = process.argv.slice(2);
const { recurrent } = requireFrom("brain")("brain.js");

async function training(): Promise<Contender> {
  const { x, y, Wh } = readNumbers(name);
  const [time, batch, input] = x.shape;
  const net = new recurrent[variant]({ inputSize: 1, hiddenLayers: [Wh.shape[0]], outputSize: 1 });
  const sequences = Array.from({ length: batch }, (_, row) => ({
    input: Array.from({ length: time }, (_, t) => x.data[(t * batch + row) * input]),
    output: [y.data[row]],
  }));
  const options = { iterations: 1, errorThresh: 0, learningRate: 1e-3 };
  const step = (): number => net.train(sequences, options).error;
  const { startMs } = await firstSteps(step);
  return { version: versionOf("brain", "brain.js"), startMs, check: {}, run: () => void step() };
}
await serve(training);
