/** Threads that die: every wait ends, with a message, and nothing wrong is ever returned. */
import { allReduce, jit, tensor } from "retrograd";
import { afterEach, expect, test } from "vitest";
import "../../src/node/threads.ts";
import { compile } from "../../src/nest/compile.ts";
import { startThread } from "../../src/node/threads.ts";
import { abilities, assemble } from "../../src/targets/wasm/index.ts";
import { FIRST } from "../../src/targets/wasm/shards.ts";
import { TeamFunctions } from "../../src/targets/wasm/team.ts";
import { registerThreads, Threads } from "../../src/targets/wasm/threads.ts";
import { trace } from "../../src/tensor/graph.ts";
import { memoryStore, mse, sgd, train } from "../../src/train/index.ts";
import { smallRnn } from "../train/models.ts";
import { echo } from "../train/tasks.ts";

afterEach(() => registerThreads(startThread));

/** The ends of the threads that begin from now on. */
function ends(): (() => void)[] {
  const all: (() => void)[] = [];
  registerThreads((...given) => {
    const end = startThread(...given);
    all.push(end);
    return end;
  });
  return all;
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 300));
const message = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};
const sum = () =>
  jit((x) => allReduce(x.sum()), {
    target: "wasm",
    shards: { count: 2, inputs: [0], outputs: null },
  });

test("a thread that ended between two calls", async () => {
  const all = ends();
  const f = sum();
  expect(f(tensor([1, 2, 3, 4])).item()).toBe(10);
  for (const end of all) end();
  await turn();
  expect(message(() => f(tensor([1, 2, 3, 4])))).toMatchInlineSnapshot(`
    "Shard 1 of the program was lost: its thread ended, with code 1.
      The program and what it held cannot be used any more: go on from the last checkpoint (train.resume), or compile it again.   (shard-lost)"
  `);
  expect(message(() => f(tensor([1, 2, 3, 4])))).toContain("(shard-lost)");
  expect(sum()(tensor([1, 2, 3, 4])).item()).toBe(10);
});

test("a thread that fails at once", () => {
  const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  registerThreads((source, job, lost) => startThread(source, { ...job, module: empty }, lost));
  expect(message(() => sum()(tensor([1, 2])))).toMatchInlineSnapshot(`
    "Shard 1 of the program was lost: its thread ended with an error.
      The program and what it held cannot be used any more: go on from the last checkpoint (train.resume), or compile it again.   (shard-lost)"
  `);
});

/** A program of two shards that gives up after one second. */
function impatient(): Threads {
  const type = { shape: [8], dtype: "float32" } as const;
  const graph = trace([type], (x) => [allReduce(x)]);
  const sharding = { count: 2, inputs: [true], outputs: [false] };
  const { schedule, peakBytes } = compile(graph, abilities(), { shards: sharding });
  const stride = Math.ceil(peakBytes / FIRST) * FIRST;
  const functions = new TeamFunctions({ shards: 2, stride });
  const { pages, team } = functions;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return new Threads(new WebAssembly.Module(assemble(schedule, functions)), memory, team, 1);
}

test("a thread that dies in the middle of a step, unseen", () => {
  const all = ends();
  const threads = impatient();
  threads.run();
  for (const end of all) end();
  expect(message(() => threads.run())).toMatch(/no answer within \d+ s/);
  expect(message(() => threads.run())).toContain("(shard-lost)");
});

test("training ends with the message, and goes on from its checkpoint", async () => {
  const all = ends();
  const store = memoryStore();
  const options = {
    ...{ model: smallRnn({ input: 1, size: 3, output: 1 }), data: echo({ rows: 4, time: 5 }) },
    ...{ loss: mse(), optimizer: sgd(0.1), epochs: 1, shards: 2, checkpoint: { store, every: 2 } },
  };
  const run = train(options);
  const follow = async () => {
    for await (const event of run)
      if (event.type === "step" && event.step === 5) {
        for (const end of all) end();
        await turn();
      }
  };
  await expect(follow()).rejects.toThrow("(shard-lost)");
  registerThreads(startThread);
  const again = await train.resume(store, options);
  expect(again.position.step).toBe(4);
  for await (const _ of again);
  expect(again.position.step).toBe(10);
});
