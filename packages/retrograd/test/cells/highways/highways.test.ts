/** Ways around a cell: residual and dilated ones against their equations; leaky integrators. */
import { tensor, zeros } from "retrograd";
import {
  bidirectional,
  block,
  type Cell,
  dilated,
  drawTree,
  gru,
  leaky,
  lstm,
  residual,
  retentionOf,
  rnn,
  stack,
  throughTime,
  timeConstantOf,
} from "retrograd/cells";
import { dense, encoderDecoder, sequential, unroll } from "retrograd/layers";
import {
  adam,
  type Batch,
  bptt,
  checkpointed,
  type Method,
  mse,
  train,
  truncated,
} from "retrograd/train";
import { describe, expect, test } from "vitest";
import { isType } from "../../../src/cells/trace.ts";
import { key, normal, uniform } from "../../../src/ops/random.ts";
import type { Type } from "../../../src/tensor/tensor.ts";
import { flatten, mapTree } from "../../../src/tensor/tree.ts";
import { describeCell } from "../describeCell.ts";
import {
  each,
  expectEquations,
  type PlainStep,
  plus,
  refusal,
  scaled,
  tanh,
  times,
} from "../plain.ts";

/** The Elman network inside. */
const f = ({ Wx, Wh, b }: any, h: number[], x: number[]) =>
  tanh(plus(times(x, Wx), times(h, Wh), b));
const leakyStep =
  (retention: (p: any) => number[]): PlainStep =>
  (p, { h }, x) => {
    const next = each((r, old, drive) => r * old + (1 - r) * drive, retention(p), h, f(p, h, x));
    return { state: { h: next }, output: next };
  };

const size = 4;
const cells: Record<string, [Cell, PlainStep]> = {
  "residual(rnn)": [
    residual(rnn({ size }), { scale: 0.5 }),
    (p, { h }, x) => {
      const next = plus(h, scaled(f(p, h, x), 0.5));
      return { state: { h: next }, output: next };
    },
  ],
  "residual(rnn) over 3": [
    residual(rnn({ size }), { over: 3 }),
    (p, { cell: { h }, past: [oldest, newer] }, x) => {
      const next = plus(oldest, f(p, h, x));
      return { state: { cell: { h: next }, past: [newer, h] }, output: next };
    },
  ],
  "dilated(rnn, 3)": [
    dilated(rnn({ size }), 3),
    (p, { h: [oldest, ...newer] }, x) => {
      const next = f(p, oldest, x);
      return { state: { h: [...newer, next] }, output: next };
    },
  ],
  leaky: [leaky({ size, tau: 3, dt: 0.5 }), leakyStep(() => Array(size).fill(Math.exp(-0.5 / 3)))],
  "leaky, learned": [
    leaky({ size, tau: 3, dt: 0.5, learned: true }),
    leakyStep(({ logTau }) => logTau.map((l: number) => Math.exp(-0.5 / Math.exp(l)))),
  ],
};
describe.each(Object.entries(cells))("%s", (name, [cell, step]) => {
  test("is its equations", () => {
    expectEquations(cell, step);
  });
  describeCell(name, cell);
});
describeCell("residual(gru) with a learned state", residual(gru({ size: 3, initial: "learned" })));
describeCell(
  "dilated(lstm, 2) with a learned state",
  dilated(lstm({ size: 3, initial: "learned" }), 2),
);

test("a dilated cell is the cell over every k-th moment", () => {
  const inner = gru({ size: 3, initial: "learned" });
  const params = drawTree<any>(inner.params([2]), key(3), "float64");
  params.initial = { h: tensor([0.1, -0.2, 0.3], { dtype: "float64" }) };
  const xs = tensor(
    Float64Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    { shape: [6, 1, 2] },
  );
  const cell = dilated(inner, 2);
  const start = (c: Cell) => ({ h: c.learned(params).h.expandDims(0) });
  const { outputs } = throughTime(cell, params, xs, start(cell));
  for (const phase of [0, 1]) {
    const own = xs.slice([phase, null, 2]);
    const alone = throughTime(inner, params, own, start(inner)).outputs;
    expect(outputs.slice([phase, null, 2]).toArray()).toEqual(alone.toArray());
  }
});

test("both forms of a dilated cell agree: holes in a sequence, reverse, random numbers, few moments", () => {
  const inner = stack(gru({ size: 3 }), rnn({ size: 2 }), { dropout: 0.5 });
  const f64 = { dtype: "float64" } as const;
  for (const [steps, time] of [
    [3, 7],
    [2, 6],
    [9, 4],
    [1, 3],
  ]) {
    // biome-ignore format: pairs
    const cell = dilated(inner, steps);
    const params = drawTree<any>(cell.params([2]), key(steps), "float64");
    const xs = normal(key(4), [time, 2, 2], f64);
    const types = cell.state([2], "float64");
    const first = mapTree(types, ({ shape }: Type) => normal(key(5), [2, ...shape], f64), isType);
    const noise = mapTree(
      cell.noise([2]),
      (shape: number[]) => uniform(key(6), [time, 2, ...shape], f64),
      (x) => Array.isArray(x) && typeof x[0] === "number",
    );
    const mask = tensor(
      Array.from({ length: 2 * time }, (_, i) => i % 3 !== 1),
      { shape: [time, 2], dtype: "bool" },
    );
    for (const options of [{}, { mask }, { mask, reverse: true, noise }]) {
      const [one, other] = (["sequential", "parallel"] as const).map((evaluation) =>
        flatten(throughTime<any, any>(cell, params, xs, first, { ...options, evaluation })),
      );
      one.forEach((t, k) => expect(t.sub(other[k]).abs().max().item()).toBeLessThan(1e-12));
    }
  }
});

test("a time constant is the time in which 1/e is left", () => {
  expect(timeConstantOf(retentionOf(7, 0.2), 0.2)).toBeCloseTo(7, 12);
  expect(refusal(() => retentionOf(7, 0))).toContain("retentionOf: dt: given 0");
  expect(refusal(() => timeConstantOf(0.5, -1))).toContain("timeConstantOf: dt: given -1");
  for (const share of [0, 1, 2, Number.NaN])
    expect(refusal(() => timeConstantOf(share))).toContain("a share between 0 and 1");
  const [tau, dt] = [4, 0.25];
  const cell = leaky({ size: 1, tau, dt, activation: "linear" });
  const params = { Wx: zeros([1, 1]), Wh: zeros([1, 1]), b: zeros([1]) };
  const one = { h: tensor([[1]]) };
  const { state } = throughTime(cell, params, zeros([tau / dt, 1, 1]), one);
  expect(state.h.item()).toBeCloseTo(Math.exp(-1), 6);
});

test("a skip that is longer than what is learned from is refused", () => {
  const cells = {
    "dilated twice": dilated(dilated(rnn({ size: 2 }), 2), 3),
    "a stack": stack(rnn({ size: 2 }), residual(rnn({ size: 2 }), { over: 6 })),
    "a block": block(residual(rnn({ size: 1, input: 1 }), { over: 6 })),
  };
  for (const cell of Object.values(cells)) {
    const model = sequential(unroll(cell), dense(1));
    const params = model.init(key(1), { input: 1 });
    const learn = (time: number, state?: unknown) => {
      const xs = zeros([2, time, 1]);
      return () => void model.run(params, xs, { train: true, key: key(2), state });
    };
    expect(learn(7)).not.toThrow();
    expect(refusal(learn(6))).toContain("(skip-long)");
    // A prompt may be short, and a window goes on from the one before.
    expect(() => model.apply(params, zeros([2, 1, 1]))).not.toThrow();
    expect(learn(6, model.state(params, 2))).not.toThrow();
  }
  expect(
    refusal(() => {
      const model = sequential(unroll(cells["dilated twice"]), dense(1));
      const params = model.init(key(1), { input: 1 });
      model.run(params, zeros([2, 4, 1]), { train: true, key: key(2) });
    }),
  ).toMatchInlineSnapshot(`
    "sequential(unroll(dilated(dilated(rnn, 2), 3)), dense(1)): a state is read 6 moments later, but the sequences have 4: what is learned would never be used.
      Skip fewer than 4 moments, train on longer sequences, or carry the state from batch to batch: truncated({ window: 4 }), and start.   (skip-long)"
  `);
});

test("whatever the method, unless its batches go on where the last one ended", async () => {
  const model = sequential(unroll(dilated(gru({ size: 2, input: 1 }), 6)), dense(1));
  const batch = { inputs: zeros([2, 6, 1]), targets: zeros([2, 6, 1]) };
  const learn = async (method: Method, data: Batch[]) => {
    const run = train({ model, data, loss: mse(), optimizer: adam(1e-2), epochs: 1, method });
    for await (const _ of run);
  };
  for (const method of [bptt(), checkpointed({ segments: 2 }), truncated({ window: 3 })])
    await expect(learn(method, [batch])).rejects.toThrow(/\(skip-long\)/);
  const goesOn = (start: number) => ({ ...batch, start: [start, start] });
  await learn(truncated({ window: 3 }), [goesOn(1), goesOn(0)]);
});

test("sequences of one moment are learned from where no state is skipped", () => {
  const plain = gru({ size: 2 });
  const cells: Cell[] = [plain, stack(plain, plain), residual(plain), dilated(plain, 1)];
  for (const cell of cells) {
    const model = sequential(unroll(cell), dense(1));
    const params = model.init(key(1), { input: 1 });
    expect(() => model.run(params, zeros([2, 1, 1]), { train: true, key: key(2) })).not.toThrow();
  }
});

test("a skip that is longer than the source is refused, whichever way it is read", () => {
  const long = dilated(rnn({ size: 2 }), 4);
  const model = sequential(unroll(bidirectional(rnn({ size: 2 }), { backward: long })), dense(1));
  const params = model.init(key(1), { input: 1 });
  const both = (time: number) => () =>
    model.run(params, zeros([2, time, 1]), { train: true, key: key(2) });
  expect(refusal(both(4))).toContain("(skip-long)");
  expect(both(5)).not.toThrow();

  const translator = encoderDecoder(unroll(dilated(rnn({ size: 2, input: 1 }), 4)), {
    cell: rnn({ size: 2 }),
    head: dense(1),
  });
  const own = translator.init(key(1));
  const told = (time: number, train: boolean) => () =>
    translator.run(own, zeros([2, time, 1]), { targets: zeros([2, 3, 1]), train });
  expect(refusal(told(4, true))).toContain("(skip-long)");
  expect(told(5, true)).not.toThrow();
  expect(told(4, false)).not.toThrow();
});

test("what cannot be is refused", () => {
  expect([
    refusal(() => residual(rnn({ size: 2 }), { over: 0 })),
    refusal(() => residual(rnn({ size: 2 }), { scale: -1 })),
    refusal(() => residual(lstm({ size: 2 })).state([3], "float32")),
    refusal(() => dilated(rnn({ size: 2 }), 1.5)),
    refusal(() => leaky({ size: 2, tau: 0 }).params([3])),
  ]).toMatchInlineSnapshot(`
    [
      "residual: over: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)",
      "residual: scale: given -1; expected a number above 0.
      Give a number above 0.   (bad-argument)",
      "residual: given the cell lstm with the state h [2], c [2]; expected a cell whose state is one tensor of floats, such as rnn or gru.
      Give a cell whose state is one tensor of floats, such as rnn or gru.   (bad-argument)",
      "dilated: steps: given 1.5; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)",
      "leaky: tau: given 0; expected a number above 0.
      Give a number above 0.   (bad-argument)",
    ]
  `);
});
