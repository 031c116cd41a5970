/**
 * TensorFlow.js, as a contender: tfjs.ts CASE wasm|wasm-customGrad|cpu
 *
 * Its loops are JavaScript's. As shipped, the derivative of a product calls transposed kernels, which
 * are many times slower than the plain one; `customGrad` is what a user who found out would write:
 * a product whose derivative transposes first. Hoisting the input's projection was slower.
 */
import { outputFields } from "../outputs.ts";
import { type Contender, firstSteps, serve } from "./contender.ts";
import { requireFrom } from "./installed.ts";
import { readNumbers } from "./numbers.ts";

const [name, variant] = process.argv.slice(2);
const [backend, product] = variant.split("-");
const require = requireFrom("tfjs");
console.warn = () => {}; // an advertisement of another backend
const tf = require("@tensorflow/tfjs");
if (backend === "wasm") {
  const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(require.resolve("@tensorflow/tfjs-backend-wasm").replace(/[^/\\]*$/, ""));
}
await tf.setBackend(backend);
await tf.ready();

const MOVE = 0.3;
const version: string = tf.version_core;
const numbers = readNumbers(name);
const [, batch, input] = numbers.x.shape;
const size = numbers.Wh.shape[0];
const given = (key: string) => tf.tensor(numbers[key].data, numbers[key].shape);

const customProduct = tf.customGrad((a: any, b: any, save: (tensors: any[]) => void) => {
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (dy: any, [a, b]: any[]) => [
      tf.matMul(dy, tf.transpose(b)),
      tf.matMul(tf.transpose(a), dy),
    ],
  };
});
const dot = (a: any, b: any) => (product === "customGrad" ? customProduct(a, b) : tf.matMul(a, b));

type State = { h: any; c: any };
/** @param z  [batch, gates · size] before the nonlinearity */
function move({ h, c }: State, z: any): State {
  if (name.startsWith("leaky")) return { h: h.mul(1 - MOVE).add(z.tanh().mul(MOVE)), c };
  const [i, f, g, o] = tf.split(z, 4, 1);
  const next = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
  return { h: o.sigmoid().mul(next.tanh()), c: next };
}

function training(): Promise<Contender> {
  const keys = ["Wx", "Wh", "b", "Wo", "bo"] as const;
  const v = Object.fromEntries(keys.map((key) => [key, tf.variable(given(key))]));
  const isSmall = name === "small";
  const x = given("x");
  const labels = isSmall ? given("y") : tf.oneHot(given("y"), v.bo.shape[0]).toFloat();
  const adam = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const eachMoment = tf.unstack(x);
  const loss = () => {
    let state: State = { h: tf.zeros([batch, size]), c: tf.zeros([batch, size]) };
    const outputs: any[] = [];
    for (const moment of eachMoment) {
      state = move(state, dot(moment, v.Wx).add(dot(state.h, v.Wh)).add(v.b));
      outputs.push(state.h);
    }
    if (isSmall) return dot(state.h, v.Wo).add(v.bo).reshape([batch]).sub(labels).square().mean();
    return tf.losses.softmaxCrossEntropy(labels, dot(tf.concat(outputs, 0), v.Wo).add(v.bo));
  };
  const step = (): number => {
    const value = adam.minimize(loss, true, Object.values(v));
    const [number] = value.dataSync();
    value.dispose();
    return number;
  };
  return firstSteps(step).then((found) => ({ version, ...found, run: () => void step() }));
}

async function stream(): Promise<Contender> {
  const start = performance.now();
  const [Wx, Wh, b] = [given("Wx"), given("Wh"), given("b")];
  const x = numbers.x.data as Float32Array;
  let state: State = { h: tf.zeros([1, size]), c: tf.zeros([1, size]) };
  let t = 0;
  let output: Float32Array = new Float32Array();
  const run = () => {
    const at = (t++ % 256) * input;
    const next = tf.tidy(() => {
      const moment = tf.tensor(x.subarray(at, at + input), [1, input]);
      return move(state, moment.matMul(Wx).add(state.h.matMul(Wh)).add(b));
    });
    tf.dispose(state);
    state = next;
    output = state.h.dataSync();
  };
  run();
  const startMs = performance.now() - start;
  while (t < 8) run();
  return { version, startMs, check: outputFields(output), run };
}

await serve(name === "stream" ? stream : training);
