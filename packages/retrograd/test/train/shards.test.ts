/** Training in shards: the course of one shard to rounding, the same bits for the same number. */
import fc from "fast-check";
import { ones, random, resident, type Tensor, tensor, zeros } from "retrograd";
import { cell, gru, lstm } from "retrograd/cells";
import { dense, dropout, lastStep, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import "../../src/node/index.ts";
import { flatten } from "../../src/tensor/tree.ts";
import {
  adam,
  auto,
  type Batch,
  bptt,
  checkpointed,
  crossEntropy,
  evaluate,
  memoryStore,
  mse,
  type Run,
  sgd,
  type TrainEvent,
  type TrainOptions,
  train,
  truncated,
} from "../../src/train/index.ts";
import { firstCarry, stepShards, trainingStep } from "../../src/train/step.ts";
import { numbers, smallRnn } from "./models.ts";
import { bits, echo, eventsOf } from "./tasks.ts";

const model = smallRnn({ input: 1, size: 5, output: 1 });
const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  ...{ model, data: echo({ rows: 6, time: 7, batches: 4 }), loss: mse() },
  ...{ optimizer: adam(1e-2), epochs: 2, seed: 3 },
  ...more,
});
async function ran(given: TrainOptions): Promise<{ run: Run; events: TrainEvent[] }> {
  const run = train(given);
  return { run, events: await eventsOf(run) };
}
const losses = (events: readonly TrainEvent[]) =>
  events.flatMap((e) => (e.type === "step" ? [e.loss, e.norm] : []));
const codes = (events: readonly TrainEvent[]) =>
  events.flatMap((e) => (e.type === "warning" ? [e.code] : []));

/** Every step of several shards is that of one, but for the order of sums. */
async function expectEqual(given: Partial<TrainOptions>, counts = [2, 3], digits = 4) {
  const one = await ran(options(given));
  for (const shards of counts) {
    const several = await ran(options({ ...given, shards }));
    const got = losses(several.events);
    expect(got.length).toBe(losses(one.events).length);
    losses(one.events).forEach((x, i) => expect(got[i], `figure ${i}`).toBeCloseTo(x, digits));
    const want = flatten(one.run.params);
    flatten(several.run.params).forEach((t: Tensor, k) =>
      t.data.forEach((x, i) => expect(x).toBeCloseTo(want[k].data[i], digits)),
    );
  }
}

const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U }) {
    const next = h.mul(0.9).add(h.dot(W).add(x.dot(U)).tanh().mul(0.1));
    return { state: { h: next }, output: next };
  },
});

describe("as one shard", () => {
  test.each([
    ["lstm", unroll(lstm({ size: 4 }))],
    ["gru", unroll(gru({ size: 4 }))],
    ["a cell of one's own", unroll(leaky({ size: 4 }))],
  ])("%s", async (_, layer) => {
    await expectEqual({ model: sequential(layer, dense(1)) }, [2]);
  });
  test.each(["reference", "native"] as const)("on target %s", async (target) => {
    await expectEqual({ target, steps: 3 }, [2]);
  });
  test("batches that do not divide, and a short last one", async () => {
    await expectEqual({ data: echo({ rows: 5, last: 1, time: 6, batches: 3 }) }, [2, 4]);
  });
  test("clipped by the norm of the whole gradient", async () => {
    await expectEqual({ clip: { norm: 0.05 } });
  });
  test("states that go on from window to window and from batch to batch", async () => {
    const batches = Array.from({ length: 4 }, (_, k): Batch => {
      const inputs = { data: Float32Array.from(numbers(5 * 8, k + 1)), shape: [5, 8, 1] };
      return { inputs, targets: inputs, start: Array.from({ length: 5 }, () => k === 0) };
    });
    await expectEqual({ data: batches, method: truncated({ window: 3 }) });
  });
  test.each([
    ["overlapping windows", truncated({ window: 3, stride: 2 })],
    ["segments that are run again", checkpointed({ segments: 3 })],
    ["a budget for all shards together", auto({ budget: 2 ** 20 })],
  ])("%s", async (_, method) => {
    await expectEqual({ method, target: "reference" }, [2]);
  });
  test("ragged rows, and a shard in which nothing counts", async () => {
    const inputs = { data: Float32Array.from(numbers(6 * 8)), shape: [6, 8, 1] };
    const lengths = [8, 3, 1, 5, 2, 8];
    const mask = [1, 0.5, 2, 0, 0, 0];
    await expectEqual({ data: [{ inputs, targets: inputs, lengths, mask }], epochs: 4 });
  });
  test("nothing counts at all: a loss of 0, and nothing is learned", async () => {
    const inputs = { data: new Float32Array(8), shape: [4, 2, 1] };
    const data = [{ inputs, targets: inputs, mask: [0, 0, 0, 0] }];
    const { run, events } = await ran(options({ data, shards: 2, optimizer: sgd(1) }));
    expect(losses(events)).toEqual([0, 0, 0, 0]);
    expect(bits(run.params)).toEqual(bits(model.init()));
  });
  test("any rows in any number of shards", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 2, max: 5 }), (r, n) =>
        expectEqual({ data: echo({ rows: r, time: 4, batches: 1 }), target: "reference" }, [n], 5),
      ),
      { numRuns: 12 },
    );
  });
});

test("the same number of shards gives the same bits, on every target in the same order", async () => {
  for (const target of ["wasm", "native"] as const) {
    const [a, b] = [
      await ran(options({ shards: 2, target })),
      await ran(options({ shards: 2, target })),
    ];
    expect(losses(a.events)).toEqual(losses(b.events));
    expect(bits(a.run.params)).toEqual(bits(b.run.params));
  }
});

test("each shard drops its own units", () => {
  const own = sequential(dropout(0.5), lastStep(), dense(1));
  const given = { model: own, loss: mse(), optimizer: sgd(1e-9), key: random.key(1), shards: 2 };
  const batch = { inputs: ones([2, 1, 64]), targets: zeros([2, 1]) };
  const params = own.init(random.key(0), { input: [64] });
  const step = resident(trainingStep(given), firstCarry(given, params, 2), {
    shards: stepShards(2),
  });
  const start = step.read();
  const lossOf = (...shards: number[]): number => {
    step.write(start);
    return step.call(batch, tensor(1e-9), tensor(Int32Array.from(shards))).loss.item();
  };
  const [first, second] = [lossOf(0, 0), lossOf(1, 1)];
  expect(Math.abs(first - second)).toBeGreaterThan(1e-3);
  expect(lossOf(0, 1)).toBeCloseTo((first + second) / 2, 6);
});

test("a checkpoint goes on to the same bits, and says so where shards differ", async () => {
  const given = { data: echo({ rows: 5, time: 8, batches: 3 }), method: truncated({ window: 4 }) };
  const whole = await ran(options({ ...given, shards: 2 }));
  const store = memoryStore();
  const saved = { ...given, shards: 2, checkpoint: { store, every: 3 } };
  await ran(options({ ...saved, steps: 3 }));
  const other = memoryStore();
  for (const name of await store.list()) await other.write(name, (await store.read(name))!);
  const again = await train.resume(store, options(saved));
  expect(codes(await eventsOf(again))).toEqual(["start-missing"]);
  expect(bits(again.params)).toEqual(bits(whole.run.params));

  const alone = await train.resume(other, options({ ...saved, shards: 3 }));
  expect(codes(await eventsOf(alone))).toEqual(["checkpoint-mismatch", "start-missing"]);
  flatten(alone.params).forEach((t: Tensor, k) =>
    t.data.forEach((x, i) => expect(x).toBeCloseTo(flatten(whole.run.params)[k].data[i], 4)),
  );
});

test("more shards than rows: said once, and the course of one", async () => {
  const data = echo({ rows: 2, time: 5, batches: 2 });
  const { events } = await ran(options({ data, shards: 4 }));
  expect(codes(events)).toEqual(["shards-idle"]);
  await expectEqual({ data }, [4]);
});

test("evaluation in shards is that of one", async () => {
  const labels = { data: Int32Array.from({ length: 5 * 3 }, (_, i) => i % 4), shape: [5, 3] };
  const data = [
    { inputs: { data: Float32Array.from(numbers(15)), shape: [5, 3, 1] }, targets: labels },
  ];
  const own = smallRnn({ input: 1, size: 3, output: 4 });
  const given = { model: own, params: own.init(), data, loss: crossEntropy(), method: bptt() };
  const one = await evaluate(given);
  const two = await evaluate({ ...given, shards: 2 });
  expect(two.loss).toBeCloseTo(one.loss, 6);
});

test("refused: no whole number of shards", () => {
  for (const shards of [1.5, 0, 100_000])
    expect(() => train(options({ shards }))).toThrow(
      `given ${shards}; expected a whole number from 1 to 512`,
    );
});
