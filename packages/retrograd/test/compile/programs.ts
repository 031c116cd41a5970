/** Programs that stand for what people compile, small enough to be read: for tests that keep text. */
import {
  associativeScan,
  random,
  remat,
  scan,
  softmax,
  stopGradient,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  where,
  whileLoop,
} from "retrograd";
import type { DType } from "../../src/scalar/dtype.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import type { Type } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/batch.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { vjp } from "../../src/transform/vjp.ts";

type Params = Record<string, Tensor>;
type State = Record<string, Tensor>;
type Step = (state: State, x: Tensor, params: Params) => { state: State; output: Tensor };

export const T = 12;
const B = 8,
  I = 4,
  H = 8;
const type = (shape: number[], dtype: DType = "float32"): Type => ({ shape, dtype });

const leaky: Step = ({ h }, x, { U, W, b }) => {
  const next = h.mul(0.9).add(x.dot(U).add(h.dot(W)).add(b).tanh().mul(0.1));
  return { state: { h: next }, output: next };
};
const lstm: Step = ({ h, c }, x, { U, W, b }) => {
  const z = x.dot(U).add(h.dot(W)).add(b);
  const gate = (k: number) => z.slice(null, [k * H, (k + 1) * H]);
  const next = gate(1)
    .logistic()
    .mul(c)
    .add(gate(0).logistic().mul(gate(2).tanh()));
  const shown = gate(3).logistic().mul(next.tanh());
  return { state: { h: shown, c: next }, output: shown };
};
const gru: Step = ({ h }, x, { U, W, b }) => {
  const [xs, hs] = [x.dot(U).add(b), h.dot(W)];
  const of = (t: Tensor, k: number) => t.slice(null, [k * H, (k + 1) * H]);
  const r = of(xs, 0).add(of(hs, 0)).logistic();
  const z = of(xs, 1).add(of(hs, 1)).logistic();
  const n = of(xs, 2)
    .add(r.mul(of(hs, 2)))
    .tanh();
  const next = n.add(z.mul(h.sub(n)));
  return { state: { h: next }, output: next };
};

/** (states…, x [time, B, I], U, W, b) → outputs [time, B, H]. */
function over(step: Step, names: readonly string[], gates: number, time: number): Graph {
  const states = names.map(() => type([B, H]));
  const params = [type([I, gates * H]), type([H, gates * H]), type([gates * H])];
  return trace(
    [...states, type([time, B, I]), ...params],
    (...given) => {
      const state = Object.fromEntries(names.map((name, k) => [name, given[k]]));
      const [x, U, W, b] = given.slice(names.length);
      return [scan(step, state, x, { U, W, b }).outputs];
    },
    [...names, "x", "U", "W", "b"],
  );
}
export const lstmOver = (time: number): Graph => over(lstm, ["h", "c"], 4, time);
const leakyOver = over(leaky, ["h"], 1, T);

const one = (shape: number[], f: (x: Tensor) => Tensor): Graph =>
  trace([type(shape)], (x) => [f(x)]);
const attention = trace([type([5, H]), type([5, H]), type([5, H])], (q, k, v) => {
  const later = tensor(
    Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => j > i)),
  );
  const scores = q.dot(k.transpose()).mul(1 / Math.sqrt(H));
  return [softmax(where(later, -1e9, scores)).dot(v)];
});
const training = trace(
  [type([H, 3]), type([H, 3]), type([B, H]), type([B, 3])],
  (W, m, x, y) => {
    const loss = (W: Tensor) => x.dot(W).sub(y).square().mean();
    const [value, g] = valueAndGrad(loss)(W);
    const scale = where(g.square().sum().greater(1), g.square().sum().pow(-0.5), 1);
    const next = m.mul(0.9).add(g.mul(scale));
    return [W.sub(next.mul(0.1)), next, value];
  },
  ["W", "momentum", "x", "y"],
);
const stateOnly = trace([type([T, B, I])], (x) => {
  const step = (total: Tensor, x: Tensor) => ({ state: total.add(x.square()) });
  return [scan(step, x.mul(0).sum(0), x).state];
});

/** Each with the rows that chunks aim at: few, so that short loops are cut as long ones are. */
export const programs: Readonly<Record<string, readonly [Graph, rows?: number]>> = {
  "softmax and its gradient": [vjp(one([B, 6], (x) => softmax(x)))],
  "layer norm and its gradient": [
    vjp(
      one([B, 6], (x) => {
        const centred = x.sub(x.mean(-1, { keepDims: true }));
        return centred.mul(centred.square().mean(-1, { keepDims: true }).add(1e-5).pow(-0.5));
      }),
    ),
  ],
  "causal attention": [attention],
  "causal attention, gradient": [vjp(attention)],
  "momentum with clipping": [training],
  "embedding, gradient": [
    vjp(trace([type([6, H]), type([B], "int32")], (E, ids) => [take(E, ids, { axis: 0 }).tanh()])),
  ],
  "random numbers": [
    trace([type([2], "int32")], (key) => [random.uniform(key, [B]), random.normal(key, [B])]),
  ],
  "leaky cell": [leakyOver, 32],
  "leaky cell, gradient": [vjp(leakyOver), 32],
  "leaky cell, gradient of the gradient": [vjp(vjp(leakyOver)), 32],
  "leaky cell, tangent": [jvp(leakyOver), 32],
  "leaky cell, samples": [batch(leakyOver, [false, true, false, false, false], 2), 32],
  "leaky cell, a length that chunks do not divide": [vjp(over(leaky, ["h"], 1, 11)), 32],
  "leaky cell, whole": [vjp(leakyOver)],
  LSTM: [lstmOver(T), 32],
  "LSTM, gradient": [vjp(lstmOver(T)), 32],
  "GRU, gradient": [vjp(over(gru, ["h"], 3, T)), 32],
  "recomputed LSTM, gradient": [vjp(over((s, x, p) => remat(lstm)(s, x, p), ["h", "c"], 4, T)), 32],
  "truncated leaky cell, gradient": [
    vjp(over(({ h }, x, p) => leaky({ h: stopGradient(h) }, x, p), ["h"], 1, T)),
    32,
  ],
  "a sum over time": [stateOnly],
  "running totals": [one([6, H], (x) => associativeScan((a: Tensor, b: Tensor) => a.mul(b), x))],
  "a loop that the data end": [
    trace([type([H]), type([H, H])], (x, W) => [
      whileLoop(
        (h: Tensor) => h.square().sum().less(100),
        (h: Tensor) => h.dot(W).add(h),
        x,
      ),
    ]),
  ],
};
