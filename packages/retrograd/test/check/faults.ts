/** Models that are wrong on purpose, each as people really get it wrong, and the rule that says so. */
import {
  concatenate,
  flip,
  random,
  roll,
  softmax,
  type Tensor,
  tensor,
  where,
  zeros,
} from "retrograd";
import { cell, gru, rnn } from "retrograd/cells";
import { dense, layerNorm, type Model, sequential, unroll } from "retrograd/layers";
import type { Checkable, Given } from "../../src/check/index.ts";
import { draw, handmade, INPUT, inputs, loop, plainStep, SIZE, swap } from "./handmade.ts";

export interface Fault {
  readonly rule: string;
  /** What went wrong, as its author would say afterwards. */
  readonly slip: string;
  readonly model: () => Checkable;
  readonly given?: Given;
}

const fault = (rule: string, slip: string, model: () => Checkable, given?: Given): Fault => ({
  ...{ rule, slip, model, given },
});
/** A hand-made one. */
const slip = (rule: string, what: string, model: () => Checkable): Fault =>
  fault(rule, what, model, { inputs });

/** A cell h' = tanh(x U + h W + b), changed in one place. */
const own = (change: (h: Tensor, x: Tensor, p: any) => { next: Tensor; output: Tensor }) =>
  cell({
    name: "own",
    params: ({ input, size }, init) => ({
      W: init.orthogonal([size, size]),
      U: init.glorot([input, size]),
      b: init.zeros([size]),
    }),
    state: ({ size }) => ({ h: [size] }),
    step({ h }, x, p) {
      const { next, output } = change(h, x, p);
      return { state: { h: next }, output };
    },
  })({ size: SIZE, input: INPUT });

const lengthsMask = (x: Tensor, lengths: Tensor | undefined): Tensor => {
  const [rows, time] = x.shape;
  const places = tensor(
    Int32Array.from({ length: rows * time }, (_, i) => i % time),
    {
      shape: [rows, time],
    },
  );
  return lengths ? places.less(lengths.reshape([rows, 1])) : places.less(time);
};

export const faults: readonly Fault[] = [
  slip("look-ahead", "subtracts the mean of the whole sequence from its input", () =>
    handmade((p, x, o) => loop(p, x.sub(x.mean(1, { keepDims: true })), o)),
  ),
  slip("look-ahead", "adds a pass from the end, and does not say so", () =>
    handmade((p, x, o) => {
      const { output, state } = loop(p, x, o);
      return { output: output.add(flip(loop(p, flip(x, 1), {}).output, 1)), state };
    }),
  ),
  slip("look-ahead", "feeds the next input beside this one: a shift the wrong way", () =>
    handmade((p, x, o) => loop(p, x.add(roll(x, -1, 1)), o)),
  ),
  slip("look-ahead", "attends to all steps, without a causal mask", () =>
    handmade((p, x, o) => {
      const { output, state } = loop(p, x, o);
      const weights = softmax(output.matmul(output.transpose([0, 2, 1])), -1);
      return { output: weights.matmul(output), state };
    }),
  ),
  slip("rows", "normalises over the batch when it is applied", () =>
    handmade((p, x, o) => {
      const { output, state } = loop(p, x, o);
      return { output: output.sub(output.mean(0, { keepDims: true })), state };
    }),
  ),
  slip("rows", "averages the state over the batch: one state for all", () =>
    handmade((p, x, o) =>
      loop(p, x, o, (h, now, q) => plainStep(h.mean(0, { keepDims: true }).add(h.mul(0)), now, q)),
    ),
  ),
  slip("rows", "reshapes [batch, time] to [time, batch] instead of swapping the axes", () =>
    handmade((p, x, o) => {
      const [rows, time] = x.shape;
      const mixed = swap(x.reshape([time, rows, INPUT]));
      return loop(p, mixed, o);
    }),
  ),
  slip("rows", "divides by the number of rows", () =>
    handmade((p, x, o) => {
      const { output, state } = loop(p, x, o);
      return { output: output.div(x.shape[0]), state };
    }),
  ),
  slip("padding", "never reads the lengths", () =>
    handmade((p, x, { lengths: _, ...o }) => loop(p, x, o)),
  ),
  slip("padding", "takes the mean over all steps, padding included", () =>
    handmade((p, x, { lengths: _, ...o }) => ({
      ...loop(p, x, o),
      output: loop(p, x, o).output.mean(1),
    })),
  ),
  slip("padding", "takes the last step of the batch as the last of every sequence", () =>
    handmade((p, x, o) => ({ ...loop(p, x, o), output: loop(p, x, o).output.slice(null, -1) })),
  ),
  slip("padding", "masks its outputs, but lets the state run on", () =>
    handmade((p, x, { lengths, ...o }) => {
      const { output, state } = loop(p, x, o);
      const mask = lengthsMask(x, lengths).reshape([x.shape[0], x.shape[1], 1]);
      return { output: where(mask, output, 0), state };
    }),
  ),
  slip("padding-nan", "multiplies its outputs by the mask before it adds them up", () =>
    handmade((p, x, o) => {
      const mask = lengthsMask(x, o.lengths).reshape([x.shape[0], x.shape[1], 1]);
      const { output } = loop(p, x, { ...o, lengths: undefined });
      const { state } = loop(p, x, o);
      return { output: output.mul(mask.cast(x.dtype as "float32")).sum(1), state };
    }),
  ),
  slip("chunks", "counts its steps from the start of each call", () =>
    handmade((p, x, o) => {
      const clock = tensor(
        Float64Array.from({ length: x.shape[1] }, (_, t) => Math.sin(t)),
        {
          dtype: x.dtype,
          shape: [1, x.shape[1], 1],
        },
      );
      return loop(p, x.add(clock), o);
    }),
  ),
  slip("chunks", "convolves with the last input, which is zero again in each call", () =>
    handmade((p, x, o) => {
      const before = concatenate(
        [zeros([x.shape[0], 1, INPUT], { dtype: x.dtype }), x.slice(null, [0, -1])],
        1,
      );
      return loop(p, x.add(before.mul(0.5)), o);
    }),
  ),
  slip("chunks", "hands on the state of its first layer, and begins its second anew", () =>
    handmade(
      (p, x, o) => {
        const below = loop(p, x, o);
        const above = loop({ ...p, U: p.V }, below.output, { lengths: o.lengths });
        return { output: above.output, state: below.state };
      },
      { params: { V: draw(4, [SIZE, SIZE]) } },
    ),
  ),
  fault("repeat", "adds noise by Math.random", () =>
    own((h, x, p) => {
      const next = plainStep(h, x, p).mul(1 + 0.1 * Math.random());
      return { next, output: next };
    }),
  ),
  fault("repeat", "counts its calls in a variable of JavaScript", () => {
    let calls = 0;
    return own((h, x, p) => {
      const next = plainStep(h, x, p).div(++calls);
      return { next, output: next };
    });
  }),
  fault(
    "repeat",
    "a step that numbers its moments in a variable of JavaScript",
    () => {
      let t = 0;
      return ({ h }: { h: Tensor }, x: Tensor) => {
        const next = h.mul(0.5).add(x.mul(Math.cos(t++)));
        return { state: { h: next }, output: next };
      };
    },
    { state: { h: zeros([INPUT]) }, inputs: draw(5, [8, INPUT], 1) },
  ),
  slip("repeat", "goes on from the state of its last call, kept in a variable", () => {
    let kept: any;
    return handmade((p, x, o) => {
      const ran = loop(p, x, { ...o, state: o.state ?? kept });
      kept = ran.state;
      return ran;
    });
  }),
  slip("dropout", "drops whenever there is a key, training or not", () =>
    handmade((p, x, o) => {
      if (!o.key) return loop(p, x, o);
      const keep = random
        .uniform(o.key, x.shape)
        .greater(0.5)
        .cast(x.dtype as "float32");
      return loop(p, x.mul(keep), o);
    }),
  ),
  slip("fixed-noise", "draws the mask of dropout from a key of its own", () =>
    handmade((p, x, o) => {
      if (!o.train) return loop(p, x, o);
      const keep = random
        .uniform(random.key(0), x.shape)
        .greater(0.5)
        .cast(x.dtype as "float32");
      return loop(p, x.mul(keep), o);
    }),
  ),
  fault("stream", "a layer whose moment forgets to normalise", () => {
    const norm = {
      ...layerNorm(),
      moment: (_: any, state: any, x: Tensor) => ({ output: x, state }),
    };
    return sequential(unroll(rnn({ size: SIZE, input: INPUT })), norm, dense(2));
  }),
  fault("reset", "a stream whose reset does nothing", () => {
    const model: Model = sequential(unroll(gru({ size: SIZE, input: INPUT })), dense(2));
    return {
      ...model,
      stream: (p: any, o: any) => ({
        ...model.stream(p, o),
        push: once(model, p, o),
        reset: () => {},
      }),
    };
  }),
  fault("state-frozen", "returns the state that came in", () =>
    own((h, x, p) => ({ next: h, output: plainStep(h, x, p) })),
  ),
  fault("state-unread", "never reads its state", () =>
    own((_, x, { U, b }) => {
      const next = x.dot(U).add(b).tanh();
      return { next, output: next };
    }),
  ),
  fault("params-unread", "declares a bias and does not add it", () =>
    own((h, x, { U, W }) => {
      const next = x.dot(U).add(h.dot(W)).tanh();
      return { next, output: next };
    }),
  ),
  fault("not-finite", "takes the logarithm of a state that begins at 0", () =>
    own((h, x, p) => {
      const next = plainStep(h.log(), x, p);
      return { next, output: next };
    }),
  ),
];

/** The push of a stream of its own. */
const once = (model: Model, p: any, o: any) => {
  const live = model.stream(p, o);
  return (x: any) => live.push(x);
};
