/** What holds for every model: streams, chunks, batches and lengths give what one pass gives. */
import { bidirectional, cell, gru, lstm, rnn, stack } from "retrograd/cells";
import {
  activation,
  countParameters,
  dense,
  describe as describeModel,
  dropout,
  embedding,
  everyStep,
  lastStep,
  layerNorm,
  type Model,
  maxOverTime,
  meanOverTime,
  sequential,
  unroll,
} from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { jit } from "../../src/jit/jit.ts";
import { concatenate } from "../../src/ops/concatenate.ts";
import * as random from "../../src/ops/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { flatten } from "../../src/tensor/tree.ts";
import { grad } from "../../src/transform/derivatives.ts";
import { targets } from "./targets.ts";

const dtype = "float64";
const draw = (seed: number, ...shape: number[]) =>
  random.normal(random.key(seed), shape, { dtype });
const ids = (seed: number, ...shape: number[]) => random.integers(random.key(seed), 0, 7, shape);

const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
    b: init.zeros([size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U, b }) {
    const next = h.mul(0.9).add(h.dot(W).add(x.dot(U)).add(b).tanh().mul(0.1));
    return { state: { h: next }, output: next };
  },
});
/** A cell whose state has several ranks and dtypes, and whose output is a matrix. */
const counter = cell({
  name: "counter",
  options: { heads: 2 },
  params: ({ input, size, heads }, init) => ({ W: init.normal([input, heads, size], 0.3) }),
  state: ({ size, heads }) => ({
    n: { shape: [], dtype: "int32" as const },
    M: { sum: [heads, size] },
  }),
  step({ n, M }, x, { W }) {
    const sum = M.sum.mul(0.5).add(x.dot(W));
    const next = n.add(1);
    return { state: { n: next, M: { sum } }, output: sum.div(next.cast(sum.dtype as "float64")) };
  },
});

const models: Record<string, () => Model> = {
  "leaky, dense": () => sequential(unroll(leaky({ size: 3, input: 2 })), dense(2)),
  "rnn relu": () => sequential(unroll(rnn({ size: 3, input: 2, activation: "relu" }))),
  "lstm with peepholes and projection": () =>
    sequential(unroll(lstm({ size: 4, input: 2, peepholes: true, projection: 3 }))),
  "gru, reset before, learned start, last step": () =>
    sequential(
      unroll(gru({ size: 3, input: 2, reset: "before", initial: "learned" })),
      lastStep(),
      dense(2, { activation: "tanh" }),
    ),
  "stack, layer norm, mean": () =>
    sequential(
      dense(3, { input: 2 }),
      unroll(stack(lstm({ size: 3 }), gru({ size: 2, initial: "learned" }))),
      layerNorm(),
      meanOverTime(),
    ),
  "state of other ranks and dtypes, max": () =>
    sequential(unroll(counter({ size: 3, input: 2 })), activation("silu"), maxOverTime()),
  "nested, every step": () =>
    sequential(sequential(unroll(leaky({ size: 2, input: 2 })), everyStep()), dense(2)),
};
const tokens = () => sequential(embedding(7, 3), dropout(0.3), unroll(lstm({ size: 4 })), dense(7));

/** A model with parameters of which none is zero. */
function drawn(model: Model) {
  const params = model.init(random.key(3), { dtype });
  flatten(params).forEach((t, k) =>
    t.data.forEach((_, i) => {
      t.data[i] += 0.2 * Math.sin(3 * i + k);
    }),
  );
  return params;
}
const close = (a: Tensor, b: Tensor, digits = 12) => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x, i) => expect(x).toBeCloseTo(b.data[i], digits));
};
const inputOf = (model: Model, batch: number, time: number) =>
  model.input?.dtype === "int32" ? ids(5, batch, time) : draw(5, batch, time, 2);

describe.each(Object.entries({ ...models, tokens }))("%s", (_, make) => {
  const model = make();
  const params = drawn(model);
  const whole = inputOf(model, 3, 6);
  const full = model.run(params, whole);
  const hasTime = full.output.shape[1] === 6;

  test("a batch equals its samples one by one", () => {
    for (let b = 0; b < 3; b++) {
      const one = model.run(params, whole.slice([b, b + 1]));
      close(one.output, full.output.slice([b, b + 1]));
    }
  });

  test("chunks that carry the state equal one pass", () => {
    const first = model.run(params, whole.slice(null, [0, 4]));
    const second = model.run(params, whole.slice(null, [4, 6]), { state: first.state });
    const joined = hasTime ? concatenate([first.output, second.output], 1) : second.output;
    close(joined, full.output);
    flatten(second.state).forEach((t, k) => close(t, flatten(full.state)[k]));
  });

  test("a sequence of another length computes what it computes alone", () => {
    const lengths = [6, 2, 4];
    const ran = model.run(params, whole, { lengths });
    lengths.forEach((n, b) => {
      const alone = model.run(params, whole.slice([b, b + 1], [0, n]));
      const own = ran.output.slice([b, b + 1]);
      close(hasTime ? own.slice(null, [0, n]) : own, alone.output);
      flatten(alone.state).forEach((t, k) => close(flatten(ran.state)[k].slice([b, b + 1]), t));
    });
  });

  test.each(targets)(
    "a stream on %s gives the steps of one pass, again after a reset",
    (target) => {
      const live = model.stream(params, { target });
      const expected = (t: number) =>
        model.apply(params, whole.slice([1, 2], [0, t + 1])).slice(0, ...(hasTime ? [-1] : []));
      for (let round = 0; round < 2; round++) {
        for (let t = 0; t < 6; t++) close(live.push(whole.slice(1, t)), expected(t), 11);
        flatten(live.state).forEach((t, k) => close(t, flatten(full.state)[k].slice(1), 11));
        live.reset();
      }
    },
  );

  test("the gradient passes to parameters, input and first state", () => {
    const state = model.state(params, 3);
    const loss = (p: any, x: Tensor, s: any) => {
      const y = model.apply(p, x, { state: s });
      return y.mul(y).sum();
    };
    const places = whole.dtype === "int32" ? [0, 2] : [0, 1, 2];
    const found: any = jit(grad(loss as any, places), { target: "reference" })(
      params,
      whole,
      state,
    );
    const isUseless = (t: Tensor) => t.data.every((x) => x === 0);
    const learned = flatten(found[0]).filter(isUseless).length;
    // A given state replaces the learned one, which then gets no gradient.
    expect(learned).toBe(
      JSON.stringify(Object.keys(flatPaths(params))).split("initial").length - 1,
    );
    if (places.length === 3) expect(isUseless(found[1])).toBe(false);
  });
});

const flatPaths = (tree: any, at = ""): Record<string, true> =>
  Object.assign(
    {},
    ...Object.entries(tree).map(([k, v]: [string, any]) =>
      v.node ? { [at + k]: true } : flatPaths(v, `${at}${k}.`),
    ),
  );

test("a learned initial state gets a gradient, and is where an untold model starts", () => {
  const model = sequential(unroll(gru({ size: 2, input: 1, initial: "learned" })));
  const params = drawn(model);
  const x = draw(1, 2, 3, 1);
  const found: any = grad((p: any) => model.apply(p, x).sum())(params);
  expect(found[0].initial.h.data.every((v: number) => v !== 0)).toBe(true);
  expect(model.state(params, 2)[0].h.toArray()).toEqual([
    params[0].initial.h.toArray(),
    params[0].initial.h.toArray(),
  ]);
});

test("NaN in the padding reaches neither output, state nor gradient", () => {
  const model = sequential(unroll(bidirectional(lstm({ size: 2, input: 1 }))), meanOverTime());
  const params = drawn(model);
  const x = tensor([[[1], [2], [Number.NaN]]], { dtype });
  const clean = tensor([[[1], [2]]], { dtype });
  close(model.apply(params, x, { lengths: [2] }), model.apply(params, clean));
  const gradient = (xs: Tensor, lengths?: number[]) =>
    flatten(grad((p: any) => model.apply(p, xs, { lengths }).sum())(params));
  gradient(x, [2]).forEach((t, k) => close(t, gradient(clean)[k]));
});

test("a mask may have holes: a held moment is as if it were not there", () => {
  const model = sequential(unroll(gru({ size: 2, input: 1 })));
  const params = drawn(model);
  const x = draw(2, 1, 4, 1);
  const mask = tensor([[true, false, true, true]]);
  const { state } = model.run(params, x, { mask });
  const short = concatenate([x.slice(null, [0, 1]), x.slice(null, [2, 4])], 1);
  close(state[0].h, model.run(params, short).state[0].h);
});

test("sum and mean of two directions", () => {
  const x = draw(3, 2, 4, 1);
  const of = (merge: "sum" | "mean" | "concatenate") => {
    const model = sequential(unroll(bidirectional(rnn({ size: 2, input: 1 }), { merge })));
    return model.apply(drawn(model), x);
  };
  const both = of("concatenate");
  const sum = both.slice(null, null, [0, 2]).add(both.slice(null, null, [2, 4]));
  close(of("sum"), sum);
  close(of("mean"), sum.mul(0.5));
});

test("heads over a sequence without a valid moment give zeros", () => {
  for (const head of [lastStep(), meanOverTime(), maxOverTime()]) {
    const y = sequential(head).apply([{}], draw(1, 1, 3, 2), { lengths: [0] });
    expect(y.toArray()).toEqual([[0, 0]]);
  }
});

test("parameters under their own names find the input that they were made for", () => {
  const model = sequential(dropout(0.1), unroll(leaky({ size: 3 })), dense(2));
  const params = model.init(random.key(0), { input: 5 });
  expect(model.state(params, 1)[1].h.shape).toEqual([1, 3]);
  expect(model.stream(params, { target: "reference" }).push([1, 2, 3, 4, 5]).shape).toEqual([2]);
});

test("a layer draws what it drew before another parameter was added", () => {
  const one = sequential(unroll(lstm({ size: 3, input: 2 }))).init(random.key(1));
  const two = sequential(unroll(lstm({ size: 3, input: 2, peepholes: true, biases: 2 }))).init(
    random.key(1),
  );
  expect([...two[0].Wh.data]).toEqual([...one[0].Wh.data]);
});

test("describe lists layers, shapes and counts", () => {
  const model = sequential(
    embedding(128, 64),
    dropout(0.2),
    sequential(unroll(lstm({ size: 256 })), layerNorm()),
    unroll(bidirectional(gru({ size: 8 }))),
    lastStep(),
    dense(10),
  );
  expect(describeModel(model)).toMatchSnapshot();
  expect(countParameters(model.init(random.key(0)))).toBe(
    128 * 64 + 4 * (64 + 256 + 1) * 256 + 512 + 2 * (3 * (256 + 8 + 1) * 8 + 8) + 16 * 10 + 10,
  );
});
