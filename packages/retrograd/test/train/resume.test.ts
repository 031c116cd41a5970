/** Whatever interrupts a run, going on from its checkpoint ends with the same bits. */
import { expect, test } from "vitest";
import { gru } from "../../src/cells/index.ts";
import { dense, dropout, sequential, unroll } from "../../src/layers/index.ts";
import {
  adam,
  auto,
  checkpointed,
  memoryStore,
  mse,
  plateau,
  randomTruncation,
  type Store,
  sgd,
  type TrainEvent,
  type TrainOptions,
  train,
  truncated,
  warmUp,
} from "../../src/train/index.ts";
import { bits, echo, eventsOf } from "./tasks.ts";

const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  model: sequential(unroll(gru({ size: 3 })), dropout(0.2), dense(1)),
  data: echo({ rows: 4, time: 6, batches: 3, last: 2 }),
  validation: echo({ rows: 4, time: 6, batches: 1, seed: 5 }),
  loss: mse(),
  optimizer: adam(1e-2),
  method: truncated({ window: 4 }),
  clip: { zscore: { warmUp: 3, threshold: 0.5 } },
  schedule: warmUp(3, plateau({ factor: 0.5, patience: 0, threshold: 0.05 })),
  epochs: 3,
  seed: 3,
  target: "reference",
  ...more,
});

/** What must be the same after an interruption. */
const essence = (events: TrainEvent[]): number[][] =>
  events.flatMap((e) =>
    e.type === "step"
      ? [[e.step, e.loss, e.norm, e.rate]]
      : e.type === "validation"
        ? [[e.loss]]
        : [],
  );

test("interrupted after any step, and after any event", async () => {
  const whole = train(options());
  const events = await eventsOf(whole);
  expect(events.filter((e) => e.type === "step")).toHaveLength(18);
  for (let at = 0; at < events.length - 1; at += 1 + (at % 3)) {
    const store = memoryStore();
    // The process dies after `at` events: what counts is what lies in the store by then.
    const dying = train(options({ checkpoint: { store, every: 2 } }));
    const frozen = memoryStore();
    let seen = 0;
    for await (const event of dying) {
      if (event.type !== "checkpoint" && seen++ === at) {
        for (const name of store.list() as string[])
          frozen.write(name, (await store.read(name)) as Uint8Array);
        break;
      }
    }
    if (!(frozen.list() as string[]).some((name) => name.startsWith("last"))) continue;
    const again = await train.resume(frozen, options());
    const from = again.position.step;
    const rest = await eventsOf(again);
    expect(bits(again.params)).toEqual(bits(whole.params));
    const later = events.filter((e) => e.type !== "step" || e.step > from);
    const last = essence(rest);
    expect(essence(later).slice(-last.length)).toEqual(last);
    expect(again.best!.at).toEqual(whole.best!.at);
    expect(bits(again.best!.params)).toEqual(bits(whole.best!.params));
  }
}, 60_000);

test("interrupted on the fastest target that runs here", async () => {
  const fast = (more: Partial<TrainOptions> = {}) => options({ target: "auto", ...more });
  const whole = train(fast());
  await eventsOf(whole);
  const store = memoryStore();
  for await (const event of train(fast({ checkpoint: { store } })))
    if (event.type === "step" && event.step === 7) break;
  const again = await train.resume(store, fast());
  await eventsOf(again);
  expect(bits(again.params)).toEqual(bits(whole.params));
});

test.each([
  ["borders that move, and strides", truncated({ window: 4, stride: 3, stagger: true })],
  ["random cuts", randomTruncation({ window: 3 })],
  ["a schedule that a budget chose", checkpointed({ budget: 1e6 })],
  ["a method that a budget chose", auto({ budget: 1e6 })],
])("to the same bits with %s", async (_, method) => {
  const own = (more: Partial<TrainOptions> = {}) =>
    options({ method, target: "wasm", validation: undefined, epochs: 2, ...more });
  const whole = train(own());
  await eventsOf(whole);
  const store = memoryStore();
  for await (const event of train(own({ checkpoint: { store } })))
    if (event.type === "step" && event.step === 5) break;
  const again = await train.resume(store, own());
  await eventsOf(again);
  expect(bits(again.params)).toEqual(bits(whole.params));
});

test("a loop that is left early has lost nothing", async () => {
  const store = memoryStore();
  for await (const event of train(options({ checkpoint: { store } })))
    if (event.type === "step" && event.step === 5) break;
  const again = await train.resume(store, options());
  expect(again.position.step).toBe(5);
});

test("a torn checkpoint is passed over for the one before", async () => {
  const store = memoryStore();
  await eventsOf(train(options({ epochs: 1, checkpoint: { store, every: 1 } })));
  const names = (store.list() as string[]).filter((name) => name.startsWith("last"));
  expect(names.sort()).toEqual(["last-0.safetensors", "last-1.safetensors"]);
  const whole = await train.resume(store, options());
  const steps: number[] = [];
  for (const name of names) {
    const bytes = (await store.read(name)) as Uint8Array;
    for (const torn of [bytes.slice(0, bytes.length - 9), flipped(bytes), new Uint8Array(3)]) {
      const other = memoryStore();
      for (const each of names) other.write(each, (await store.read(each)) as Uint8Array);
      other.write(name, torn);
      const again = await train.resume(other, options({ epochs: 1 }));
      steps.push(again.position.step);
      const [first] = await eventsOf(again);
      expect(first).toMatchObject({ type: "warning", code: "checkpoint-damaged" });
    }
  }
  expect(Math.max(...steps)).toBe(whole.position.step);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(whole.position.step - 1);
  for (const name of names) store.write(name, new Uint8Array(3));
  await expect(train.resume(store, options())).rejects.toThrowErrorMatchingSnapshot();
}, 60_000);

const flipped = (bytes: Uint8Array) => bytes.map((b, i) => (i === bytes.length - 20 ? b ^ 4 : b));

test("save writes a moment anywhere; a finished run can be longer", async () => {
  const [elsewhere, store] = [memoryStore(), memoryStore()];
  const run = train(options({ epochs: 2, checkpoint: { store } }));
  for await (const event of run)
    if (event.type === "step" && event.step === 7) await run.save(elsewhere);
  const middle = await train.resume(elsewhere, options({ epochs: 2 }));
  expect(middle.position.step).toBe(7);
  await eventsOf(middle);
  expect(bits(middle.params)).toEqual(bits(run.params));
  const over = await train.resume(store, options({ epochs: 2 }));
  expect((await eventsOf(over)).map((e) => e.type)).toEqual(["done"]);
  expect(bits(over.params)).toEqual(bits(run.params));
  const whole = train(options());
  await eventsOf(whole);
  const longer = await train.resume(store, options());
  await eventsOf(longer);
  expect(bits(longer.params)).toEqual(bits(whole.params));
});

test("what does not fit is refused, what differs is said", async () => {
  const store: Store = memoryStore();
  await eventsOf(train(options({ epochs: 1, checkpoint: { store } })));
  await expect(
    eventsOf(train(options({ checkpoint: { store } }))),
  ).rejects.toThrowErrorMatchingSnapshot();
  await expect(train.resume(memoryStore(), options())).rejects.toThrowErrorMatchingSnapshot();
  const wider = sequential(unroll(gru({ size: 4 })), dropout(0.2), dense(1));
  await expect(
    train.resume(store, options({ model: wider })),
  ).rejects.toThrowErrorMatchingSnapshot();
  const deeper = sequential(unroll(gru({ size: 4 })), dense(3), dense(1));
  await expect(train.resume(store, options({ model: deeper }))).rejects.toThrow(
    /Wx = \[1, 3, 3\], but \[1, 3, 4\] was given/,
  );
  await expect(
    train.resume(store, options({ optimizer: sgd(0.1) })),
  ).rejects.toThrowErrorMatchingSnapshot();
  const other = await train.resume(store, options({ optimizer: adam(5e-3), epochs: 2 }));
  const [warning] = await eventsOf(other);
  expect(warning).toMatchObject({ type: "warning", code: "checkpoint-mismatch" });
  expect((warning as any).text).toMatchSnapshot();
});

test("a store is for one run at a time", async () => {
  const store = memoryStore();
  for await (const event of train(options({ checkpoint: { store } }))) {
    if (event.type !== "step") continue;
    await expect(eventsOf(train(options({ checkpoint: { store } })))).rejects.toThrow(
      "folder-locked",
    );
    break;
  }
  await eventsOf(await train.resume(store, options({ epochs: 1 })));
});
