/** Forward mode: the gradient of bptt, without a way back; and what its approximations leave out. */
import { grad, random, type Tensor, tensor } from "retrograd";
import { bidirectional, type Cell, cell, gru, lstm, rnn, stack } from "retrograd/cells";
import { dense, dropout, embedding, type Model, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { flatten, mapTree } from "../../src/tensor/tree.ts";
import {
  bptt,
  crossEntropy,
  eprop,
  type Fed,
  firstCarry,
  forward,
  type Method,
  mse,
  online,
  rflo,
  sgd,
  snap1,
  trainingStep,
  windows,
} from "../../src/train/index.ts";
import { numbers, values } from "./models.ts";
import { bits } from "./tasks.ts";

const [rows, time] = [3, 7];
const batch: Fed = { inputs: values(1, rows, time, 2), targets: values(2, rows, time, 1) };

/** h' = a(x) ∘ h + (1 − a(x)) ∘ x U, with a unit of two numbers: unit i moves itself alone. */
const diagonal = cell({
  name: "diagonal",
  params: ({ input, size }, init) => ({
    U: init.glorot([input, 2, size]),
    V: init.glorot([input, size]),
    rate: init.normal([size]),
  }),
  state: ({ size }) => ({ fast: [size], slow: [size] }),
  step({ fast, slow }, x, { U, V, rate }) {
    const gate = x.dot(V).add(rate).logistic();
    const u = x.dot(U);
    const quick = gate.mul(fast).add(u.slice(0)).add(slow.mul(0.1));
    const calm = slow.mul(rate.logistic()).add(u.slice(1).mul(fast).tanh());
    return { state: { fast: quick, slow: calm }, output: quick.add(calm).tanh() };
  },
});

const moved = (model: Model) =>
  mapTree(model.init(random.key(3), { input: 2, dtype: "float64" }), (t: Tensor, path) =>
    t.add(random.normal(random.key(path.length), t.shape, { dtype: "float64" }).mul(0.2)),
  );
const model = (recurrent: Cell) =>
  sequential(unroll(recurrent), dense(3, { activation: "tanh" }), dense(1)) as Model;

/** Loss and gradient of one batch. */
function learned(method: Method, of: Model, params: any, fed: Fed, carried?: any) {
  const lesson = { model: of, loss: mse(), batch: fed, key: undefined };
  return method.learn(lesson, params, carried ?? method.init(of, params, fed.inputs.shape[0]));
}
function expectNear(a: unknown, b: unknown, within = 1e-10) {
  const [left, right] = [flatten(a), flatten(b)];
  expect(left.length).toBe(right.length);
  left.forEach((t, k) => {
    t.data.forEach((x, i) => expect(Math.abs(x - right[k].data[i])).toBeLessThan(within));
  });
}
function expectBptt(method: Method, of: Model, fed: Fed) {
  const params = moved(of);
  const [exact, found] = [learned(bptt(), of, params, fed), learned(method, of, params, fed)];
  expectNear(found.mean, exact.mean);
  expectNear(found.grads, exact.grads);
  expect(flatten(found.grads).some((g) => g.data.some((x) => Math.abs(x) > 1e-3))).toBe(true);
}

describe("forward is bptt", () => {
  test.each([
    ["rnn", rnn({ size: 4 })],
    ["lstm", lstm({ size: 3, peepholes: true })],
    ["lstm with a learned first state", lstm({ size: 3, initial: "learned" })],
    ["two layers", stack(gru({ size: 3 }), rnn({ size: 2 }))],
    ["a diagonal cell", diagonal({ size: 4 })],
    ["a diagonal cell with a learned first state", diagonal({ size: 4, initial: "learned" })],
  ])("%s", (_, recurrent) => expectBptt(forward(), model(recurrent), batch));

  test("a diagonal cell keeps one number for each of its parameters and numbers of a unit", () => {
    const of = model(diagonal({ size: 40 }));
    const carried = forward({ window: 1, limit: 1 }).init(of, moved(of), rows);
    const kept = flatten(carried.blocks).reduce((n, t) => n + t.size, 0);
    const own = flatten(moved(of)[0]).reduce((n, t) => n + t.size, 0);
    expect(kept).toBe(rows * 2 * own);
  });

  test("with rows of different lengths, and targets that weigh differently", () => {
    const lengths = tensor(Int32Array.from([7, 1, 4]));
    const mask = tensor(
      numbers(rows * time, 5).map((x) => Math.max(0, x)),
      { shape: [rows, time] },
    );
    for (const recurrent of [rnn({ size: 4 }), diagonal({ size: 4 })]) {
      expectBptt(forward(), model(recurrent), { ...batch, lengths });
      expectBptt(forward(), model(recurrent), { ...batch, lengths, mask });
      expectBptt(forward(), model(recurrent), { ...batch, mask: mask.slice([0, rows], 0) });
    }
  });

  test("over windows: what they learn adds up, where parameters stand still", () => {
    for (const recurrent of [lstm({ size: 3, initial: "learned" }), diagonal({ size: 4 })]) {
      const of = model(recurrent);
      const params = moved(of);
      const exact = learned(bptt(), of, params, batch);
      for (const window of [1, 3]) {
        const method = forward({ window });
        let carried = method.init(of, params, rows);
        let [sum, count] = [mapTree(params, (t: Tensor) => t.mul(0)), 0];
        for (const part of windows(batch, window)) {
          const found = learned(method, of, params, part, carried);
          carried = found.state;
          const weight = found.mean.count.item();
          const grads = flatten(found.grads);
          sum = mapTree(sum, (t: Tensor) => t.add(grads.shift()!.mul(weight)));
          count += weight;
        }
        expectNear(
          mapTree(sum, (t: Tensor) => t.mul(1 / count)),
          exact.grads,
        );
      }
    }
  });
});

describe("a stream", () => {
  const recurrent = diagonal({ size: 4 });
  const of = model(recurrent);
  const first = mapTree(moved(of), (t: Tensor) => t.cast("float32"));
  const single = { inputs: values(1, 1, time, 2), targets: values(2, 1, time, 1) };
  const as32 = (t: Tensor) => t.cast("float32");
  const settings = { model: of, loss: mse(), optimizer: sgd(0.05) };
  const method = forward({ window: 1 });

  test("learned online is learned in windows of one", () => {
    for (const target of ["reference", "wasm"] as const) {
      const learner = online({ ...settings, params: first, target });
      const run = resident(
        trainingStep({ ...settings, method }),
        firstCarry({ ...settings, method }, first, 1),
        { target: "reference" },
      );
      const fed = { inputs: as32(single.inputs), targets: as32(single.targets) };
      for (const part of windows(fed, 1)) {
        const { loss } = run.call(part, tensor(0.05));
        const seen = learner.push(part.inputs.slice(0, 0), part.targets.slice(0, 0));
        expect(seen.loss).toBeCloseTo(loss.item(), 5);
      }
      expectNear(learner.params, run.read().params, 1e-6);
      expect(flatten(learner.params)[0].sub(flatten(first)[0]).abs().max().item()).toBeGreaterThan(
        1e-5,
      );
    }
  });

  test("a new sequence begins from the first state", () => {
    const still = { ...settings, optimizer: sgd(0), params: first, target: "reference" as const };
    const learner = online(still);
    const losses = () =>
      [0, 1].map(
        (t) => learner.push(as32(single.inputs.slice(0, t)), as32(single.targets.slice(0, t))).loss,
      );
    const begun = losses();
    expect(losses()).not.toEqual(begun);
    learner.reset();
    expect(losses()).toEqual(begun);
  });
});

test("a stream is checked as batches are: symbols and labels that do not exist", () => {
  const symbols = sequential(embedding(5, 3), unroll(rnn({ size: 3 })), dense(4)) as Model;
  const params = symbols.init(random.key(0));
  const loss = crossEntropy({ ignore: -1 });
  const learner = online({ model: symbols, params, loss, optimizer: sgd(0.1) });
  const int = (x: number) => tensor(x, { dtype: "int32" });
  expect(learner.push(int(4), int(3)).loss).toBeGreaterThan(0);
  expect(learner.push(int(4), int(-1)).loss).toBe(0);
  const before = bits(learner.params);
  expect(() => learner.push(int(5), int(3))).toThrow(/5/);
  expect(() => learner.push(int(4), int(4))).toThrow(/label-range/);
  expect(bits(learner.params)).toEqual(before);
});

describe("approximations", () => {
  test.each([
    ["snap1", snap1()],
    ["eprop", eprop()],
  ])("%s is exact where units do not mix", (_, method) =>
    expectBptt(method, model(diagonal({ size: 4 })), batch),
  );

  const one: Fed = { inputs: values(1, 1, time, 2), targets: values(2, 1, time, 1) };
  /** h' = (1 − k) h + k tanh(h Wh + x Wx + b), read out by a matrix; k = 1 is the plain RNN. */
  const leaky = (k: number) =>
    cell({
      name: "leaky",
      params: ({ input, size }, init) => ({
        Wx: init.glorot([input, size]),
        Wh: init.orthogonal([size, size]),
      }),
      state: ({ size }) => ({ h: [size] }),
      step({ h }, x, { Wx, Wh }) {
        const next = h.mul(1 - k).add(h.dot(Wh).add(x.dot(Wx)).tanh().mul(k));
        return { state: { h: next }, output: next };
      },
    })({ size: 4 });

  /** The same gradient of Wh by plain loops: trace[j][i] of weight j → i. */
  function byHand(
    k: number,
    params: any,
    own: (W: number[][], slope: number, i: number) => number,
  ) {
    const rowsOf = (t: Tensor) => t.toArray() as number[][];
    const [Wx, Wh, Wo] = [params[0].Wx, params[0].Wh, params[1].W].map(rowsOf);
    const bias = params[1].b.data[0];
    const [xs, ys] = [rowsOf(one.inputs.slice(0)), rowsOf(one.targets.slice(0))];
    let h = [0, 0, 0, 0];
    let trace = h.map(() => [0, 0, 0, 0]);
    const gradient = h.map(() => [0, 0, 0, 0]);
    for (let t = 0; t < time; t++) {
      const u = h.map((_, i) => {
        const inner = h.reduce((s, hj, j) => s + hj * Wh[j][i], 0);
        return Math.tanh(xs[t].reduce((s, x, j) => s + x * Wx[j][i], inner));
      });
      const slope = u.map((y) => k * (1 - y * y));
      const decay = slope.map((s, i) => 1 - k + own(Wh, s, i));
      trace = trace.map((row, j) => row.map((e, i) => decay[i] * e + slope[i] * h[j]));
      h = h.map((x, i) => (1 - k) * x + k * u[i]);
      const error = (2 / time) * (h.reduce((s, x, i) => s + x * Wo[i][0], bias) - ys[t][0]);
      for (let j = 0; j < 4; j++)
        for (let i = 0; i < 4; i++) gradient[j][i] += error * Wo[i][0] * trace[j][i];
    }
    return tensor(gradient, { dtype: "float64" });
  }
  const readout = (k: number) => sequential(unroll(leaky(k)), dense(1)) as Model;

  test("snap1 keeps a unit's weight to itself, eprop only its leak", () => {
    for (const k of [1, 0.3]) {
      const of = readout(k);
      const params = moved(of);
      const hidden = (method: Method) => (learned(method, of, params, one).grads as any)[0].Wh;
      expectNear(
        hidden(snap1()),
        byHand(k, params, (W, slope, i) => slope * W[i][i]),
      );
      expectNear(
        hidden(eprop()),
        byHand(k, params, () => 0),
      );
      const exact = (learned(bptt(), of, params, one).grads as any)[0].Wh;
      expect(flatten(exact)[0].sub(hidden(eprop())).abs().max().item()).toBeGreaterThan(1e-4);
    }
  });

  test("rflo sends errors back through weights of its own, always the same", () => {
    const of = readout(0.3);
    const params = moved(of);
    const hidden = (method: Method) => (learned(method, of, params, one).grads as any)[0].Wh;
    const [a, again, other] = [rflo(), rflo(), rflo({ feedback: 1 })].map(hidden);
    expectNear(a, again, 1e-15);
    expect(a.sub(other).abs().max().item()).toBeGreaterThan(1e-4);
    // A column of the gradient is that of e-prop, but for one factor.
    const ratio = a.div(hidden(eprop())).toArray() as number[][];
    for (let i = 0; i < 4; i++)
      for (let j = 1; j < 4; j++) expect(ratio[j][i]).toBeCloseTo(ratio[0][i], 8);
  });

  test("what comes before the recurrent layer is credited for the moment alone", () => {
    const of = sequential(dense(3), unroll(diagonal({ size: 4 })), dense(1)) as Model;
    const params = moved(of);
    const single: Fed = {
      inputs: one.inputs.slice([0, 1], [0, 1]),
      targets: one.targets.slice([0, 1], [0, 1]),
    };
    expectNear(
      learned(eprop(), of, params, single).grads,
      learned(bptt(), of, params, single).grads,
    );
    const exact = grad((p: any) => mse().evaluate(of.apply(p, one.inputs), one.targets))(params);
    const found = learned(eprop(), of, params, one).grads as any;
    expectNear(found[1], exact[1]);
    expect(found[0].W.sub(exact[0].W).abs().max().item()).toBeGreaterThan(1e-4);
  });
});

describe("refusals", () => {
  const learn = (of: Model, fed = batch, method = forward()) => learned(method, of, moved(of), fed);
  test("influence beyond the limit, with numbers and why units do not help", () => {
    expect(() => learn(model(rnn({ size: 40 })), batch, forward({ limit: 1e5 }))).toThrow(
      /how 40 numbers of state depend on 1720 parameters takes 1.58 MiB for 3 rows.*"dot" mixes/s,
    );
    const two = model(stack(diagonal({ size: 40 }), diagonal({ size: 40 })));
    expect(() => learn(two, batch, forward({ limit: 1e5 }))).toThrow(/mixes the units/);
  });
  test("models that cannot go moment by moment, and losses that are not over time", () => {
    const both = sequential(unroll(bidirectional(rnn({ size: 3 }))), dense(1)) as Model;
    expect(() => learn(both)).toThrow(
      /without single moments: its backward half begins at the end/,
    );
    const drops = sequential(unroll(rnn({ size: 3 })), dropout(0.5), dense(1)) as Model;
    expect(() => learn(drops)).toThrow(/dropout or zoneout/);
    expect(() => learn(model(rnn({ size: 3 })), { ...batch, targets: values(2, rows, 1) })).toThrow(
      /a target at every moment/,
    );
    expect(() => forward({ window: 0 })).toThrow(/window = 0/);
    expect(() => snap1({ windows: 3 } as never)).toThrow(/unknown-option/);
  });
});
