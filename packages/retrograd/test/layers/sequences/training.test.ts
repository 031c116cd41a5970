/** An encoder and a decoder learn as every model does: on shards, and after a break. */
import { tensor } from "retrograd";
import { additiveAttention, gru } from "retrograd/cells";
import {
  dense,
  embedding,
  encoderDecoder,
  linearTruth,
  sequential,
  unroll,
} from "retrograd/layers";
import { expect, test } from "vitest";
import "../../../src/node/index.ts";
import { flatten } from "../../../src/tensor/tree.ts";
import {
  adam,
  auto,
  checkpointed,
  crossEntropy,
  memoryStore,
  type TrainOptions,
  train,
} from "../../../src/train/index.ts";
import { numbers } from "../../train/models.ts";
import { bits, eventsOf } from "../../train/tasks.ts";

const [rows, seen, said, symbols] = [6, 4, 3, 5];
const words = (seed: number, time: number) =>
  tensor(
    Int32Array.from(numbers(rows * time, seed), (x) => Math.floor((x + 1) * 0.5 * symbols)),
    { shape: [rows, time] },
  );
const batchOf = (seed: number) => ({
  inputs: words(seed, seen),
  targets: words(seed + 9, said),
  lengths: tensor(Int32Array.from({ length: rows }, (_, row) => 1 + (row % seen))),
});

const modelWith = (sampling = false) =>
  encoderDecoder(
    sequential(embedding(symbols, 3), unroll(gru({ size: 4 }))),
    {
      embedding: embedding(symbols, 3),
      cell: gru({ size: 4 }),
      attention: additiveAttention({ size: 3 }),
      head: dense(symbols),
    },
    sampling ? { sampling: linearTruth(10, { floor: 0.2 }) } : {},
  );
const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  ...{ model: modelWith(), loss: crossEntropy(), optimizer: adam(1e-2), epochs: 2, seed: 3 },
  data: { batches: (epoch) => [1, 2, 3].map((k) => batchOf(100 * epoch + k)) },
  ...more,
});
const figures = (events: readonly any[]) =>
  events.flatMap((e) => (e.type === "step" ? [e.loss, e.norm] : []));

test("on shards it takes the course of one", async () => {
  const one = train(options());
  const alone = figures(await eventsOf(one));
  const several = train(options({ shards: 2 }));
  figures(await eventsOf(several)).forEach((x, k) => expect(x).toBeCloseTo(alone[k], 5));
  const want = flatten(one.params).flatMap((t) => [...t.data]);
  flatten(several.params)
    .flatMap((t) => [...t.data])
    .forEach((x, k) => expect(x).toBeCloseTo(want[k] as number, 4));
});

test("broken off anywhere it ends with the same bits, sampled or not", async () => {
  for (const sampling of [false, true]) {
    const given = options({ model: modelWith(sampling), target: "reference" });
    const whole = train(given);
    await eventsOf(whole);
    for (const steps of [1, 4]) {
      const store = memoryStore();
      await eventsOf(train({ ...given, steps, checkpoint: { store } }));
      const again = await train.resume(store, given);
      expect(again.position.step).toBe(steps);
      await eventsOf(again);
      expect(bits(again.params)).toEqual(bits(whole.params));
    }
  }
});

test("methods that need one sequence through time say so", async () => {
  const refused = async (method: TrainOptions["method"]) =>
    eventsOf(train(options({ method }))).then(
      () => "no refusal",
      (error: Error) => error.message,
    );
  expect(await refused(checkpointed())).toMatch(/must see whole sequences|takes them whole/);
  expect(await refused(auto())).toBe("no refusal");
});
