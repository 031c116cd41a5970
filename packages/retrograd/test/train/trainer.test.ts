/** The training loop: what it says, when it ends, and that it leaves others room. */
import { expect, test } from "vitest";
import { lstm } from "../../src/cells/index.ts";
import { dense, dropout, meanOverTime, sequential, unroll } from "../../src/layers/index.ts";
import {
  adam,
  crossEntropy,
  evaluate,
  type Loss,
  memoryStore,
  metrics,
  mse,
  plateau,
  sgd,
  type TrainEvent,
  type TrainOptions,
  train,
  truncated,
  warmUp,
} from "../../src/train/index.ts";
import { numbers, smallRnn } from "./models.ts";
import { bits, echo, eventsOf } from "./tasks.ts";

const small = smallRnn({ input: 1, size: 3, output: 1 });
const brief = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  model: small,
  data: echo({ rows: 4, time: 6, batches: 3 }),
  loss: mse(),
  optimizer: adam(1e-2),
  target: "reference",
  ...(more.steps || more.epochs || more.earlyStopping ? {} : { epochs: 2 }),
  ...more,
});

const only = <T extends TrainEvent["type"]>(events: TrainEvent[], type: T) =>
  events.filter((e): e is Extract<TrainEvent, { type: T }> => e.type === type);

test("an LSTM learns to echo what came three steps ago", async () => {
  const run = train({
    model: sequential(unroll(lstm({ size: 12 })), dense(1)),
    data: echo(),
    validation: echo({ batches: 2, seed: 7 }),
    loss: mse(),
    metrics: [metrics.rmse()],
    optimizer: adam(3e-2),
    clip: { norm: 1 },
    epochs: 12,
    seed: 0,
  });
  const seen = only(await eventsOf(run), "validation");
  expect(seen[0].loss).toBeGreaterThan(0.5);
  expect(seen.at(-1)!.loss).toBeLessThan(0.05);
  expect(seen.at(-1)!.metrics.RMSE).toBeCloseTo(Math.sqrt(seen.at(-1)!.loss), 10);
});

test("nothing runs until it is iterated; then events come in order", async () => {
  let asked = 0;
  const data = echo({ rows: 4, time: 6, batches: 3 });
  const batches = (epoch: number) => {
    asked++;
    return data.batches(epoch);
  };
  const run = train(brief({ data: { batches } }));
  expect([asked, run.params, run.position.step]).toEqual([0, undefined, 0]);
  const events = await eventsOf(run);
  const types = ["step", "step", "step", "epoch"];
  expect(events.map((e) => e.type)).toEqual([...types, ...types, "done"]);
  expect(events.at(-1)).toMatchObject({ reason: "epochs", step: 6, epoch: 2 });
  const [first, ...steps] = only(events, "step");
  expect(first).toMatchObject({ step: 1, epoch: 0, batch: 0, window: 0, rate: 0.01 });
  expect(first.norm).toBeGreaterThan(0);
  expect(steps.at(-1)).toMatchObject({ step: 6, epoch: 1, batch: 2 });
});

test("the same seed gives the same bits, another one others", async () => {
  const model = sequential(unroll(lstm({ size: 3 })), dropout(0.5), dense(1));
  const after = async (seed: number) => {
    const run = train(brief({ model, seed, epochs: 1 }));
    await eventsOf(run);
    return bits(run.params);
  };
  const first = await after(5);
  expect(await after(5)).toEqual(first);
  expect(await after(6)).not.toEqual(first);
});

test("each window is a step, and the state goes on in between", async () => {
  const method = truncated({ window: 2 });
  const steps = only(await eventsOf(train(brief({ method, epochs: 1 }))), "step");
  expect(steps.map(({ batch, window }) => [batch, window])).toEqual([
    ...[
      [0, 0],
      [0, 1],
      [0, 2],
    ],
    ...[
      [1, 0],
      [1, 1],
      [1, 2],
    ],
    ...[
      [2, 0],
      [2, 1],
      [2, 2],
    ],
  ]);
});

test("batches without start begin anew, and that is said once", async () => {
  const method = truncated({ window: 6 });
  const warned = async (data: TrainOptions["data"]) =>
    only(await eventsOf(train(brief({ method, data, epochs: 2 }))), "warning").map((e) => e.text);
  expect(await warned(echo({ rows: 4, time: 6, batches: 3 }))).toMatchSnapshot();
  expect(await warned(echo({ rows: 4, time: 12, batches: 1 }))).toEqual([]);
  const part = { inputs: [[[1], [2]]], targets: [[[1], [2]]] };
  expect(
    await warned([
      { ...part, start: [1] },
      { ...part, start: [0] },
    ]),
  ).toEqual([]);
});

test("an array of batches of nested arrays is data, also for labels", async () => {
  const [inputs, targets] = [
    [
      [[1], [2]],
      [[3], [4]],
    ],
    [
      [[0], [1]],
      [[1], [0]],
    ],
  ];
  const after = async (data: unknown) => {
    const run = train(brief({ data: data as TrainOptions["data"], validation: data as never }));
    const losses = only(await eventsOf(run), "validation").map((e) => e.loss);
    return [losses, bits(run.params)];
  };
  const flat = (x: unknown[]) => ({
    data: Float32Array.from(x.flat(2) as number[]),
    shape: [2, 2, 1],
  });
  const plain = { batches: () => [{ inputs: flat(inputs), targets: flat(targets) }] };
  expect(await after([{ inputs, targets }])).toEqual(await after(plain));
  const labels = {
    ...labelled(0),
    data: [
      {
        inputs,
        targets: [
          [0, 2],
          [1, 0],
        ],
        lengths: [2, 1],
      },
    ],
  };
  expect(only(await eventsOf(train(brief(labels))), "step")).toHaveLength(2);
});

test("what a source keeps in a batch for itself is left alone", async () => {
  const data = [{ ...padded, names: ["a"], variance: 3 }];
  expect(await said(brief({ data }))).toBe("nothing");
});

test("the mean over a short last batch is exact", async () => {
  const still = brief({
    data: echo({ rows: 4, time: 6, batches: 3, last: 1 }),
    optimizer: sgd(0),
    epochs: 1,
  });
  const [epoch] = only(await eventsOf(train(still)), "epoch");
  const rows = echo({ rows: 4, time: 6, batches: 3, last: 1 });
  let [sum, count] = [0, 0];
  for (const batch of rows.batches(0) as Iterable<any>) {
    const alone = { batches: () => [batch] };
    const n = batch.mask.data.reduce((a: number, b: number) => a + b, 0);
    const options = { model: small, loss: mse(), target: "reference" as const };
    sum += n * (await evaluate({ ...options, params: small.init(), data: alone })).loss;
    count += n;
  }
  expect(epoch.loss).toBeCloseTo(sum / count, 6);
});

test("rows of any length, in a short last batch: means over time stay finite", async () => {
  const model = sequential(unroll(lstm({ size: 3 })), meanOverTime(), dense(1));
  const batch = (rows: number) => ({
    inputs: { data: new Float32Array(numbers(rows * 5)), shape: [rows, 5, 1] },
    targets: { data: new Float32Array(rows).fill(0.5), shape: [rows, 1] },
    lengths: { data: Int32Array.from({ length: rows }, (_, r) => 1 + (r % 5)), shape: [rows] },
  });
  const data = { batches: () => [batch(4), batch(1)] };
  const steps = only(await eventsOf(train(brief({ model, data }))), "step");
  expect(steps.every((e) => Number.isFinite(e.norm) && e.norm > 0)).toBe(true);
});

test("steps end a run in the middle of an epoch", async () => {
  const events = await eventsOf(train(brief({ steps: 4 })));
  expect(only(events, "step")).toHaveLength(4);
  expect(events.at(-1)).toMatchObject({ type: "done", reason: "steps", step: 4, epoch: 1 });
});

test("early stopping ends a run that learns nothing more, and keeps the best", async () => {
  const store = memoryStore();
  const run = train(
    brief({ optimizer: sgd(0), earlyStopping: { patience: 2 }, checkpoint: { store } }),
  );
  const events = await eventsOf(run);
  expect(only(events, "epoch").map((e) => e.epoch)).toEqual(
    Array.from({ length: only(events, "epoch").length }, (_, i) => i),
  );
  expect(events.at(-1)).toMatchObject({ reason: "early-stopping" });
  const { best } = only(events, "done")[0];
  const losses = only(events, "epoch").map((e) => e.loss);
  expect(best!.loss).toBe(Math.min(...losses));
  expect(losses.length - 1 - best!.epoch).toBe(2);
  expect(run.best!.at).toEqual(best);
  expect(only(events, "checkpoint").some((e) => e.kind === "best")).toBe(true);
  expect(store.list()).toContain("best.safetensors");
});

test("a schedule moves the rate; plateau hears of every validation", async () => {
  const schedule = warmUp(2, plateau({ factor: 0.5, patience: 0, threshold: 0.9 }));
  const events = await eventsOf(train(brief({ optimizer: sgd(1e-3), schedule, epochs: 3 })));
  const rates = only(events, "step").map((e) => e.rate / 1e-3);
  expect(rates).toEqual([...[0.5, 1, 1], ...[1, 1, 1], ...[0.5, 0.5, 0.5]]);
});

test("validation after so many steps", async () => {
  const validation = echo({ rows: 4, time: 6, batches: 1, seed: 3 });
  const events = await eventsOf(train(brief({ validation, validateEvery: 2, epochs: 2 })));
  expect(only(events, "validation").map((e) => e.step)).toEqual([2, 4, 6]);
});

test("stop ends after the step under way; the run can go on", async () => {
  const run = train(brief({ epochs: 2 }));
  const first: TrainEvent[] = [];
  for await (const event of run) {
    first.push(event);
    if (event.type === "step" && event.step === 2) run.stop();
  }
  expect(first.at(-1)).toMatchObject({ type: "done", reason: "stopped", step: 2 });
  const rest = await eventsOf(run);
  expect(only(rest, "step").map((e) => e.step)).toEqual([3, 4, 5, 6]);
  const whole = train(brief({ epochs: 2 }));
  await eventsOf(whole);
  expect(bits(run.params)).toEqual(bits(whole.params));
});

test("the event loop stays free", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const begin = performance.now();
  await eventsOf(train(brief({ epochs: 40 })));
  const frames = (performance.now() - begin) / 100;
  clearInterval(timer);
  expect(turns).toBeGreaterThan(Math.floor(frames));
});

const said = async (options: unknown) => {
  try {
    await eventsOf(train(options as TrainOptions));
    return "nothing";
  } catch (error) {
    return (error as Error).message;
  }
};
const { model: _, ...modelless } = brief();
const labelled = (label: number): Partial<TrainOptions> => ({
  loss: crossEntropy() as Loss,
  model: smallRnn({ input: 1, size: 2, output: 3 }),
  data: {
    batches: () => [
      {
        inputs: { data: new Float32Array(4), shape: [2, 2, 1] },
        targets: { data: Int32Array.of(0, 2, 1, label), shape: [2, 2] },
      },
    ],
  },
});
const padded = { inputs: [[[1], [2]]], targets: [[[1], [2]]] };
test.each([
  ["an unknown option", brief({ batchSize: 3 } as never)],
  ["no model", modelless],
  ["no end", { ...brief(), epochs: undefined }],
  ["half an epoch", brief({ epochs: 0.5 })],
  ["an end without its number", { ...brief(), epochs: undefined, earlyStopping: {} } as never],
  ["another word for a number of early stopping", brief({ earlyStopping: { wait: 2 } } as never)],
  ["a loss by its name", brief({ loss: "mse" } as never)],
  ["an optimizer that nobody called", brief({ optimizer: adam } as never)],
  ["a method by its name", brief({ method: "bptt" } as never)],
  ["a schedule by its name", brief({ schedule: "cosine" } as never)],
  ["a metric by its name", brief({ metrics: ["accuracy"] } as never)],
  ["a layer as the model", brief({ model: dense(1) } as never)],
  ["a number to clip at", brief({ clip: 1 } as never)],
  ["nothing at all", undefined],
  ["a batch with another word for lengths", brief({ data: [{ ...padded, length: [2] }] } as never)],
  ["a length beyond the time steps", brief({ data: [{ ...padded, lengths: [3] }] })],
  ["no data", brief({ data: { batches: () => [] } })],
  ["a label that is no class", brief(labelled(3))],
  [
    "numbers that do not fill their shape",
    brief({
      data: {
        batches: () => [
          {
            inputs: { data: new Float32Array(5), shape: [2, 3, 1] },
            targets: { data: new Float32Array(6), shape: [2, 3, 1] },
          },
        ],
      },
    }),
  ],
  ["a function as data", brief({ data: (() => []) as never })],
  ["a generator as data, which ends", brief({ data: echo().batches(0) })],
  ["batches that are none", brief({ data: { batches: () => ({}) as never } })],
  ["a batch without targets", brief({ data: [{ inputs: [[[1]]] }] as never })],
  [
    "numbers without a shape",
    brief({ data: [{ inputs: new Float32Array(2), targets: [[1]] }] as never }),
  ],
  ["a folder in a page", brief({ checkpoint: { folder: "somewhere" } })],
])("%s has a message", async (_, options) => expect(await said(options)).toMatchSnapshot());
