/** Training behind a page's worker, played here by a line that copies what it carries. */
import { expect, test } from "vitest";
import {
  adam,
  mse,
  type Port,
  serveTraining,
  type TrainEvent,
  train,
  trainInWorker,
  type WorkerLike,
} from "../../src/train/index.ts";
import { smallRnn } from "./models.ts";
import { echo } from "./tasks.ts";

/** A worker that lives on this thread: messages are cloned, and arrive in a turn of their own. */
function playedWorker(build: (options: any) => any) {
  let toPage = (_: unknown) => {};
  let toWorker = (_: unknown) => {};
  let fail = (_: unknown) => {};
  let closed = false;
  const later = (f: () => void) => setTimeout(() => !closed && f(), 0);
  const own: Port = {
    post(message) {
      const copy = structuredClone(message);
      later(() => toPage({ data: copy }));
    },
    listen: (message) => {
      toWorker = message;
    },
    close: () => {},
  };
  serveTraining(build, own);
  const worker: WorkerLike = {
    postMessage(message) {
      const copy = structuredClone(message);
      later(() => toWorker(copy));
    },
    addEventListener(type, listener) {
      if (type === "message") toPage = listener;
      else fail = listener;
    },
    terminate: () => {
      closed = true;
    },
  };
  return { worker, crash: (message: string) => fail({ message }), isClosed: () => closed };
}

const build = ({ epochs }: { epochs: number }) => ({
  model: smallRnn({ input: 1, size: 3, output: 1 }),
  data: echo({ rows: 4, time: 6, batches: 3 }),
  loss: mse(),
  optimizer: adam(1e-2),
  target: "reference" as const,
  epochs,
});

test("events arrive in order, and the parameters with the last one", async () => {
  const { worker, isClosed } = playedWorker(build);
  const run = trainInWorker(worker, { epochs: 2 });
  const types: string[] = [];
  for await (const event of run) types.push(event.type);
  const epoch = ["step", "step", "step", "epoch"];
  expect(types).toEqual([...epoch, ...epoch, "done"]);
  expect(run.params.W.shape).toEqual([3, 3]);
  expect(run.best!.at.epoch).toBe(1);
  expect(isClosed()).toBe(true);
});

test("parameters are there with epoch, validation and done", async () => {
  const validation = echo({ rows: 4, time: 6, batches: 1, seed: 2 });
  const options = { ...build({ epochs: 2 }), validation };
  const seen = async (run: AsyncIterable<TrainEvent> & { params: any }) => {
    const found: unknown[] = [];
    for await (const { type, step } of run)
      if (type !== "step") found.push([type, step, Array.from(run.params.W.data)]);
    return found;
  };
  const remote = trainInWorker(playedWorker(() => options).worker);
  expect(await seen(remote)).toEqual(await seen(train(options)));
});

test("a loop that is left stops the worker", async () => {
  const { worker, isClosed } = playedWorker(build);
  const run = trainInWorker(worker, { epochs: 10_000 });
  let first: TrainEvent | undefined;
  for await (const event of run) {
    first = event;
    break;
  }
  expect(first!.type).toBe("step");
  expect(run.params.W.shape).toEqual([3, 3]);
  expect(isClosed()).toBe(true);
});

test("a worker that cannot be loaded is an error of its own", async () => {
  const { worker, crash } = playedWorker(build);
  const run = trainInWorker(worker, { epochs: 10_000 });
  const reading = (async () => {
    for await (const _ of run);
  })();
  setTimeout(() => crash("its script was not found"), 5);
  await expect(reading).rejects.toThrowErrorMatchingSnapshot();
});

test("a worker ends also where it fails after its loop was left", async () => {
  const { worker, crash, isClosed } = playedWorker(build);
  const left = async () => {
    for await (const _ of trainInWorker(worker, { epochs: 10_000 })) {
      crash("it has no memory");
      break;
    }
  };
  await expect(left()).rejects.toMatchObject({ code: "worker-failed" });
  expect(isClosed()).toBe(true);
});

test("options that cannot be sent end the worker", async () => {
  const { worker, isClosed } = playedWorker(build);
  const run = trainInWorker(worker, { epochs: () => 1 });
  await expect(run[Symbol.asyncIterator]().next()).rejects.toThrow(/could not be cloned/);
  expect(isClosed()).toBe(true);
});

test("a run is gone through once: its thread has ended", async () => {
  const run = trainInWorker(playedWorker(build).worker, { epochs: 1 });
  for await (const _ of run);
  const again = run[Symbol.asyncIterator]().next();
  await expect(again).rejects.toMatchObject({ code: "bad-argument" });
});
