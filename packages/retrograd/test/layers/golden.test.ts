/** Outputs that Keras, onnxruntime and TensorFlow.js state in their own tests. */
import { activate, bidirectional, type Cell, cell, gru, lstm, rnn } from "retrograd/cells";
import { dense, embedding, lastStep, type Model, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import * as random from "../../src/ops/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { mapTree } from "../../src/tensor/tree.ts";
import { valueAndGrad } from "../../src/transform/derivatives.ts";
import { golden } from "./golden.ts";

const dtype = "float64";
const load = (values: unknown): Tensor => tensor(values as number[], { dtype });
const close = (given: unknown, expected: unknown, digits = 6) => {
  const [a, b] = [given, expected].map((x) => [x].flat(Infinity) as number[]);
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => expect(x).toBeCloseTo(b[i], digits));
};
/** Every parameter at the value that its path has. */
const filled = (params: unknown, value: (path: string, place: readonly number[]) => number) =>
  mapTree(params, (t: Tensor, path) => {
    const data = t.data.map((_, i) => {
      const place = t.shape.map(
        (n, d) => Math.floor(i / t.shape.slice(d + 1).reduce((a, b) => a * b, 1)) % n,
      );
      return value(path, place);
    });
    return tensor(data, { shape: t.shape, dtype });
  });

interface KerasCase {
  id: string;
  layer: string;
  x: number[][][];
  units: number;
  options: Record<string, any>;
  expected: Record<string, any>;
}

function kerasModel({ layer, units: size, options }: KerasCase): Model {
  const bias = options.use_bias !== false;
  const kinds: Record<string, () => Cell> = {
    LSTM: () => lstm({ size, biases: bias ? 1 : 0 }),
    GRU: () =>
      options.reset_after === false
        ? gru({ size, reset: "before", biases: bias ? 1 : 0 })
        : gru({ size, biases: bias ? 2 : 0 }),
    SimpleRNN: () => rnn({ size, biases: bias ? 1 : 0 }),
  };
  const both = layer.startsWith("Bi");
  const own = kinds[both ? layer.slice(2) : layer]();
  return sequential(
    both ? unroll(bidirectional(own)) : unroll(own, { reverse: options.go_backwards }),
  );
}

const keras = golden<{ cases: KerasCase[] }>("keras.json");
describe.skipIf(!keras)("Keras", () => {
  test.each(keras?.cases.map((c) => [c.id, c] as const) ?? [])("%s", (_, c) => {
    const { options, expected, layer } = c;
    const model = kerasModel(c);
    const x = load(c.x);
    const [batch, time] = x.shape;
    const params = filled(
      model.init(random.key(0), { input: x.shape[2], dtype }),
      (path, [gate]) => {
        if (path.endsWith("Wx")) return 0.01;
        if (path.endsWith("Wh")) return 0.02;
        const isForget = layer.endsWith("LSTM") && gate === 1 && options.unit_forget_bias !== false;
        return isForget ? 1 : 0.03;
      },
    );
    const first = {
      ...(options.h0 && { h: load(options.h0) }),
      ...(options.c0 && { c: load(options.c0) }),
    };
    let state = options.h0 ? [first] : model.state(params, batch);
    const mask = options.mask && tensor(options.mask.map((r: number[]) => r.map(Boolean)));
    let ran = model.run(params, x, { state, mask });
    for (let call = 1; call < (options.stateful_calls ?? 1); call++) {
      state = ran.state;
      ran = model.run(params, x, { state, mask });
    }
    const [last] = ran.state;
    if (expected.last) close(last.h.toArray(), expected.last);
    if (expected.h1) {
      const { forward, backward } = last;
      close(forward.h.toArray(), expected.h1);
      close(forward.c.toArray(), expected.c1);
      close(backward.h.toArray(), expected.h2);
      close(backward.c.toArray(), expected.c2);
    }
    if (expected.seq) {
      const y = ran.output.toArray(); // theirs repeats an output where ours is zero
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < time; t++)
          if (options.mask?.[b][t] ?? true) close(y[b][t], expected.seq[b][t]);
    }
  });
});

interface OnnxCase {
  id: string;
  direction: "forward" | "reverse";
  sequence_lens?: number[];
  expected: { Y?: number[]; Y_h?: number[]; Y_c?: number[] };
}
const onnx = golden<{ X: number[]; W: number[]; cases: OnnxCase[] }>("onnxruntime_lstm.json");
describe.skipIf(!onnx)("onnxruntime", () => {
  test.each(onnx?.cases.map((c) => [c.id, c] as const) ?? [])("%s", (_, c) => {
    const order = [0, 2, 3, 1]; // theirs are i, o, f, g
    const model = sequential(
      unroll(lstm({ size: 3, biases: 0 }), { reverse: c.direction === "reverse" }),
    );
    const first = model.init(random.key(0), { input: 1, dtype });
    const params = filled(first, (path, [, gate, unit]) =>
      path.endsWith("Wx") ? onnx!.W[order[gate] * 3 + unit] : 0.1,
    );
    const [a, b, d, e] = onnx!.X;
    const x = load([
      [[a], [d]],
      [[b], [e]],
    ]);
    const { output, state } = model.run(params, x, { lengths: c.sequence_lens });
    if (c.expected.Y) close(output.transpose([1, 0, 2]).toArray(), c.expected.Y, 5);
    if (c.expected.Y_h) close(state[0].h.toArray(), c.expected.Y_h, 5);
    if (c.expected.Y_c) close(state[0].c.toArray(), c.expected.Y_c, 5);
  });
});

const hard = (x: Tensor): Tensor => activate("hardSigmoid", x);
/** TensorFlow.js' LSTM, as a user would write it: its gates are piecewise linear. */
const hardLstm = cell({
  name: "hard lstm",
  options: { bias: true },
  params: ({ input, size, bias }, init) => ({
    U: init.zeros([input, 4, size]),
    W: init.zeros([size, 4, size]),
    ...(bias && { b: init.zeros([4, size]) }),
  }),
  state: ({ size }) => ({ h: [size], c: [size] }),
  step({ h, c }, x, { U, W, b }) {
    const sum = x.dot(U).add(h.dot(W));
    const gates = b ? sum.add(b) : sum;
    const [i, f, o] = [0, 1, 3].map((k) => hard(gates.slice(k)));
    const next = f.mul(c).add(i.mul(gates.slice(2).tanh()));
    const out = o.mul(next.tanh());
    return { state: { h: out, c: next }, output: out };
  },
});
const hardGru = cell({
  name: "hard gru",
  params: ({ input, size }, init) => ({
    U: init.zeros([input, 3, size]),
    W: init.zeros([size, 3, size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { U, W }) {
    const a = x.dot(U);
    const [z, r] = [0, 1].map((k) => hard(a.slice(k).add(h.dot(W.slice(null, k)))));
    const n = a
      .slice(2)
      .add(r.mul(h).dot(W.slice(null, 2)))
      .tanh();
    const next = n.add(z.mul(h.sub(n)));
    return { state: { h: next }, output: next };
  },
});

/** Gradient descent on the mean squared error; gives the parameters and the loss of every step. */
function descend(model: Model, start: any, x: Tensor, y: Tensor, rate: number, steps: number) {
  const loss = (p: any) => {
    const error = model.apply(p, x, { lengths: lengthsOf(x) }).sub(y);
    return error.mul(error).mean();
  };
  let params = start;
  const losses: number[] = [];
  for (let k = 0; k < steps; k++) {
    const [value, gradient] = valueAndGrad(loss)(params);
    losses.push(value.item());
    const leaves = new Map<string, Tensor>();
    mapTree(gradient, (t: Tensor, path) => leaves.set(path, t));
    params = mapTree(params, (t: Tensor, path) => t.sub(leaves.get(path)!.mul(rate)));
  }
  return { params, losses };
}
/** Symbol 0 is padding. */
const lengthsOf = (x: Tensor): number[] | undefined =>
  x.dtype === "int32"
    ? x.toArray().map((row: number[]) => row.filter((id) => id > 0).length)
    : undefined;

const tfjs = golden<{ cases: any[] }>("tfjs_bptt.json");
describe.skipIf(!tfjs)("TensorFlow.js", () => {
  const expected = (id: string) => tfjs!.cases.find((c) => c.id === id);
  const ones = load(Array(5).fill(Array(3).fill(Array(4).fill(1))));
  const start = (model: Model, recurrent: number) =>
    filled(model.init(random.key(0), { input: 4, dtype }), (path) =>
      path.startsWith("2") ? 1 : recurrent,
    );
  const target = (value: number) => load(Array(5).fill([value]));
  const head = () => [lastStep(), dense(1, { bias: false })] as const;

  test("SimpleRNN BPTT", () => {
    const model = sequential(unroll(rnn({ size: 1, biases: 0 })), ...head());
    const { params } = descend(model, start(model, 1), ones, target(0), 5, 2);
    const exact = expected("SimpleRNN BPTT").exact_float64;
    close(params[0].Wx.toArray(), Array(4).fill(exact.kernel), 7);
    close(params[0].Wh.toArray(), exact.recurrent, 7);
    close(params[2].W.toArray(), exact.dense, 6);
  });

  test("GRU BPTT", () => {
    const model = sequential(unroll(hardGru({ size: 1 })), ...head());
    const { params } = descend(model, start(model, 0), ones, target(1), 1, 2);
    const { kernel_zrh, recurrent_zrh, dense: W } = expected("GRU BPTT").expected;
    close(params[0].U.slice(0).toArray(), kernel_zrh, 5);
    close(params[0].W.toArray(), recurrent_zrh, 5);
    close(params[2].W.toArray(), W, 5);
  });

  test("LSTM BPTT", () => {
    const model = sequential(unroll(hardLstm({ size: 1, bias: false })), ...head());
    const { params } = descend(model, start(model, 0), ones, target(1), 1, 2);
    const { kernel_ifco, recurrent_ifco, dense: W } = expected("LSTM BPTT").expected;
    close(params[0].U.slice(0).toArray(), kernel_ifco, 6);
    close(params[0].W.toArray(), recurrent_ifco, 6);
    close(params[2].W.toArray(), W, 5);
  });

  test("LSTM with mask, forward and BPTT", () => {
    const cellOf = unroll(hardLstm({ size: 3 }));
    const model = sequential(embedding(10, 4), cellOf, lastStep(), dense(1));
    const first = filled(model.init(random.key(0), { dtype }), (path, [gate]) => {
      if (path === "1.b") return gate === 1 ? 1 : 0;
      return path === "3.b" ? 0 : 1;
    });
    const ids = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0];
    const x = tensor(Int32Array.from(ids), { shape: [4, 6] });
    const y = model.apply(first, x, { lengths: lengthsOf(x) });
    close(y.toArray(), expected("LSTM with mask (forward)").expected.y, 5);
    const { losses } = descend(model, first, x, load([[1], [2], [3], [4]]), 0.01, 4);
    close(losses.slice(2), expected("LSTM BPTT with mask").expected.loss, 5);
  });
});
