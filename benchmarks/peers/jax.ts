/**
 * jax-js, as a contender: jax.ts CASE jit
 *
 * It has no loop, so the moments are unrolled by hand inside `jit`, the head among them, which is its
 * author's own way and the fastest one found. Values are consumed by use: `.ref` keeps one.
 */
import { outputFields } from "../outputs.ts";
import { type Contender, firstSteps, serve } from "./contender.ts";
import { requireFrom, versionOf } from "./installed.ts";
import { readNumbers } from "./numbers.ts";

const [name] = process.argv.slice(2);
const require = requireFrom("jax");
const version = versionOf("jax", "@jax-js/jax");
const jax = require("@jax-js/jax");
const { jit, valueAndGrad, numpy: np, nn, tree } = jax;
await jax.init("wasm");
jax.defaultDevice("wasm");

const MOVE = 0.3;
const numbers = readNumbers(name);
const [time, batch, input] = numbers.x.shape;
const size = numbers.Wh.shape[0];
const given = (key: string) => {
  const { data, shape } = numbers[key];
  const options = data instanceof Int32Array ? { dtype: np.int32 } : {};
  return np.array(data, options).reshape([...shape]);
};

type State = { h: any; c: any };
/** @param z  [batch, gates · size] before the nonlinearity */
function move({ h, c }: State, z: any): State {
  if (name.startsWith("leaky")) return { h: h.mul(1 - MOVE).add(np.tanh(z).mul(MOVE)), c };
  const gate = (k: number) => [[], [k * size, (k + 1) * size]];
  const i = nn.sigmoid(z.ref.slice(...gate(0)));
  const f = nn.sigmoid(z.ref.slice(...gate(1)));
  const g = np.tanh(z.ref.slice(...gate(2)));
  const o = nn.sigmoid(z.slice(...gate(3)));
  const next = f.mul(c).add(i.mul(g));
  return { h: o.mul(np.tanh(next.ref)), c: next };
}

const preactivation = (p: any, x: any, h: any) =>
  np.dot(x, p.Wx.ref).add(np.dot(h, p.Wh.ref)).add(p.b.ref);

/** The mean loss; every argument is consumed. */
function lossOf(p: any, x: any, y: any) {
  let state: State = { h: np.zeros([batch, size]), c: np.zeros([batch, size]) };
  let total = np.zeros([]);
  const classes = numbers.bo.shape[0];
  const isSmall = name === "small";
  for (let t = 0; t < time; t++) {
    // The leaky step uses h twice.
    const { h, c } = state;
    state = move(
      { h: name.startsWith("leaky") ? h.ref : h, c },
      preactivation(p, x.ref.slice(t), h),
    );
    if (isSmall) continue;
    const logits = np.dot(state.h.ref, p.Wo.ref).add(p.bo.ref);
    const labels = nn.oneHot(y.ref.slice([t * batch, (t + 1) * batch]), classes);
    total = total.sub(nn.logSoftmax(logits).mul(labels).sum());
  }
  if (isSmall) {
    total.dispose();
    const last = np.dot(state.h.ref, p.Wo.ref).add(p.bo.ref).reshape([batch]);
    total = np.square(last.sub(y.ref)).mean();
  } else total = total.div(time * batch);
  for (const value of [state.h, state.c, x, y]) value.dispose();
  tree.dispose(p);
  return total;
}

/** Adam for one parameter; every argument is consumed. */
function adam(p: any, g: any, { m, v }: { m: any; v: any }, t: any) {
  const first = m.mul(0.9).add(g.ref.mul(0.1));
  const second = v.mul(0.999).add(np.square(g).mul(0.001));
  const mean = first.ref.div(np.subtract(1, np.power(0.9, t.ref)));
  const square = second.ref.div(np.subtract(1, np.power(0.999, t)));
  const next = p.sub(mean.mul(1e-3).div(np.sqrt(square).add(1e-8)));
  return { next, moments: { m: first, v: second } };
}

function training(): Promise<Contender> {
  const keys = ["Wx", "Wh", "b", "Wo", "bo"] as const;
  let params: any = Object.fromEntries(keys.map((key) => [key, given(key)]));
  const zeros = (key: string) => np.zeros([...numbers[key].shape]);
  let moments: any = Object.fromEntries(keys.map((key) => [key, { m: zeros(key), v: zeros(key) }]));
  const [x, y] = [given("x"), given("y")];
  const update = jit((p: any, s: any, t: any, data: any, labels: any) => {
    const [loss, grads] = valueAndGrad(lossOf)(tree.ref(p), data, labels);
    const rows = keys.map((key) => [key, adam(p[key], grads[key], s[key], t.ref)] as const);
    t.dispose();
    return [
      loss,
      Object.fromEntries(rows.map(([key, { next }]) => [key, next])),
      Object.fromEntries(rows.map(([key, { moments }]) => [key, moments])),
    ];
  });
  let t = 0;
  const step = (): number => {
    const [loss, next, kept] = update(params, moments, np.array([++t]).reshape([]), x.ref, y.ref);
    params = next;
    moments = kept;
    return loss.dataSync()[0];
  };
  return firstSteps(step).then((found) => ({ version, ...found, run: () => void step() }));
}

async function stream(): Promise<Contender> {
  const start = performance.now();
  const p = { Wx: given("Wx"), Wh: given("Wh"), b: given("b") };
  const cell = jit((own: any, x: any, h: any, c: any) => {
    const next = move({ h: undefined, c }, preactivation(own, x, h));
    tree.dispose(own);
    return [next.h, next.c];
  });
  const x = numbers.x.data as Float32Array;
  let [h, c] = [np.zeros([1, size]), np.zeros([1, size])];
  let t = 0;
  let output: Float32Array = new Float32Array();
  const run = () => {
    const at = (t++ % 256) * input;
    const moment = np.array(x.slice(at, at + input)).reshape([1, input]);
    [h, c] = cell(tree.ref(p), moment, h, c);
    output = h.ref.dataSync();
  };
  run();
  const startMs = performance.now() - start;
  while (t < 8) run();
  return { version, startMs, check: outputFields(output), run };
}

await serve(name === "stream" ? stream : training);
