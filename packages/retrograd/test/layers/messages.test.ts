/** Every mistake with cells and layers gets one message that names layer, cell and the user's names. */
import { bidirectional, cell, gru, lstm, rnn, stack } from "retrograd/cells";
import {
  activation,
  dense,
  dropout,
  embedding,
  lastStep,
  sequential,
  unroll,
} from "retrograd/layers";
import { expect, test } from "vitest";
import { jit } from "../../src/jit/jit.ts";
import { zeros } from "../../src/ops/creation.ts";
import * as random from "../../src/ops/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

const key = random.key(0);
const shapes = {
  params: ({ size, input }: { size: number; input: number }, init: any) => ({
    W: init.zeros([size, size]) as never,
    U: init.zeros([input, size]) as never,
  }),
  state: ({ size }: { size: number }) => ({ h: [size] }),
};
const leaky = (step: (state: any, x: Tensor, params: any) => any) =>
  cell({ name: "leaky", ...shapes, step: step as never })({ size: 4 });
const withStep = (step: (state: any, x: Tensor, params: any) => any) => () =>
  sequential(dense(3, { input: 2 }), unroll(leaky(step))).init(key);

const never = (() => 0) as never;
const x = zeros([2, 3, 2]);
const small = sequential(unroll(rnn({ size: 2, input: 2 })));
const params = small.init(key);

const mistakes: Record<string, () => unknown> = {
  "shapes in the step do not meet": withStep(({ h }, _, { U }) => ({
    state: { h },
    output: h.dot(U),
  })),
  "state changes its shape": withStep(({ h }, moment) => ({ state: { h: moment }, output: h })),
  "state changes its dtype": withStep(({ h }) => ({ state: { h: h.cast("int32") }, output: h })),
  "state has another name": withStep(({ h }) => ({ state: { H: h }, output: h })),
  "step returns a tensor": withStep(({ h }) => h),
  "step returns nothing": withStep(() => undefined),
  "step returns no output": withStep(({ h }) => ({ state: { h } })),
  "a branch on a traced value": withStep(({ h }) => (h > 0 ? h : h)),
  "state of a cell in a stack": () =>
    sequential(
      unroll(
        stack(
          rnn({ size: 3, input: 2 }),
          leaky(({ h }, m) => ({ state: { h: m }, output: h })),
        ),
      ),
    ).init(key),
  "an unknown option of a cell": () => lstm({ size: 2, forget: 1 } as never),
  "an unknown option of model.apply": () => small.apply(params, x, { length: [1, 2] } as never),
  "an unknown option of model.init": () => small.init(key, { inputs: 3 } as never),
  "a seed instead of a key": () => small.init(0 as never),
  "a word where an option is a number": () => lstm({ size: 2, forgetBias: "one" as never }),
  "a number where an option is a switch": () => lstm({ size: 2, peepholes: 3 as never }),
  "a size in words": () => lstm({ size: "4" as never }),
  "a number in a stack": () => stack(rnn({ size: 2 }), 5 as never),
  "both ways of no cell": () => bidirectional(lstm as never),
  "a size of zero": () => gru({ size: 0 }),
  "a word that an option does not know": () =>
    sequential(unroll(gru({ size: 2, input: 1, reset: "never" as never }))).init(key),
  "an initial state that is unknown": () => lstm({ size: 2, initial: "random" as never }),
  "an unknown option of a layer": () => dense(2, { activate: "relu" } as never),
  "an unknown activation": () => activation("swash"),
  "dropout of everything": () => dropout(1),
  "a cell instead of a layer": () => sequential(lstm({ size: 2 }) as never),
  "a layer instead of a cell": () => unroll(dense(2) as never),
  "a factory instead of a cell": () => unroll(lstm as never),
  "no layers": () => sequential(),
  "an orthogonal vector": () =>
    cell({
      ...shapes,
      name: "flat",
      params: (_, init) => ({ b: init.orthogonal([2]) }),
      step: (() => 0) as never,
    })({
      size: 2,
    }).params([1]),
  "an input that nobody knows": () => sequential(unroll(lstm({ size: 2 })), dense(3)).init(key),
  "an input that is not the option": () => small.init(key, { input: 3 }),
  "no features": () => sequential(dense(2)).init(key, { input: [] }),
  "floats into an embedding": () => sequential(dense(2), embedding(5, 2)).init(key, { input: 3 }),
  "symbols into a dense layer": () => sequential(embedding(5, 2), dense(2)).apply([] as never, x),
  "time after its end": () =>
    sequential(unroll(rnn({ size: 2 })), lastStep(), unroll(rnn({ size: 2 }))).init(key, {
      input: 1,
    }),
  "a parameter that is a tensor": () =>
    cell({ ...shapes, name: "given", params: () => ({ W: zeros([2]) as never }), step: never })({
      size: 2,
    }).params([1]),
  "a state that is a number": () =>
    cell({ ...shapes, name: "short", state: () => ({ h: 3 as never }), step: never })({
      size: 2,
    }).state([1], "float32"),
  "a state of no size": () =>
    cell({ ...shapes, name: "half", state: () => ({ h: [1.5] }), step: never })({
      size: 2,
    }).state([1], "float32"),
  "a projection to nothing": () =>
    sequential(unroll(lstm({ size: 2, input: 1, projection: 0 }))).init(key),
  "a head after a head": () => sequential(lastStep(), lastStep()).init(key, { input: 1 }),
  "an array as x": () => small.apply(params, [[[1, 2]]] as never),
  "x without time": () => small.apply(params, zeros([2])),
  "x without features": () => small.apply(params, zeros([2, 3])),
  "x with other features": () =>
    sequential(dense(2)).apply([{ W: zeros([3, 2]), b: zeros([2]) }], x),
  "x of another dtype": () => small.apply(params, zeros([2, 3, 2], { dtype: "float64" })),
  "a parameter that lacks": () => small.apply([{ Wx: params[0].Wx }] as never, x),
  "a parameter too many": () => small.apply([{ ...params[0], W: zeros([1]) }] as never, x),
  "symbols that the embedding lacks": () =>
    sequential(embedding(5, 2)).apply(
      [{ table: zeros([5, 2]) }],
      tensor(Int32Array.of(1, 5), { shape: [1, 2] }),
    ),
  "a state of another batch": () => small.apply(params, x, { state: small.state(params, 3) }),
  "a state of other names": () => small.apply(params, x, { state: [{ c: zeros([2, 2]) }] }),
  "too few lengths": () => small.apply(params, x, { lengths: [1] }),
  "a length beyond the end": () => small.apply(params, x, { lengths: [1, 4] }),
  "lengths and a mask": () =>
    small.apply(params, x, { lengths: [1, 1], mask: zeros([2, 3], { dtype: "bool" }) }),
  "a mask of floats": () => small.apply(params, x, { mask: zeros([2, 3]) }),
  "a mask of arrays": () => small.apply(params, x, { mask: [[true]] as never }),
  "training without a key": () => sequential(dropout(0.1)).apply([{}], x, { train: true }),
  "training a stack without a key": () => {
    const model = sequential(
      unroll(stack(rnn({ size: 1, input: 2 }), rnn({ size: 1 }), { dropout: 0.1 })),
    );
    return model.apply(model.init(key), x, { train: true });
  },
  "a traced key for init": () => jit((k: Tensor) => small.init(k))(key),
  "a stream of both directions": () => {
    const model = sequential(unroll(bidirectional(rnn({ size: 2, input: 2 }))));
    return model.stream(model.init(key));
  },
  "a stream in reverse": () =>
    sequential(unroll(rnn({ size: 2, input: 2 }), { reverse: true })).stream(params),
  "a moment of another size": () => small.stream(params, { target: "reference" }).push([1, 2, 3]),
  "a state to which no stream can be reset": () =>
    small.stream(params, { target: "reference" }).reset(small.state(params, 2)),
  "directions of other sizes added": () =>
    sequential(
      unroll(
        bidirectional(rnn({ size: 2, input: 2 }), { merge: "sum", backward: rnn({ size: 3 }) }),
      ),
    ).init(key),
};

test.each(Object.entries(mistakes))("%s", (_, make) => {
  expect(make).toThrowErrorMatchingSnapshot();
});
