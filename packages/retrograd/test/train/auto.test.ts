/** auto: three budgets, three methods; each needs what was said and takes about as long. */
import { random, tensor } from "retrograd";
import { gru } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import {
  adam,
  auto,
  bptt,
  checkpointed,
  type Fed,
  fitted,
  mse,
  train,
} from "../../src/train/index.ts";

const [rows, time] = [4, 512];
const model = sequential(unroll(gru({ size: 16, input: 4 })), dense(1));
const params = model.init(random.key(0));
const batch = {
  inputs: random.normal(random.key(1), [rows, time, 4]),
  targets: random.normal(random.key(2), [rows, time, 1]),
};
const lesson = { model, params, loss: mse(), optimizer: adam(), target: "wasm" as const };

/** What a run with a budget did in one epoch. */
async function run(budget: number, fed: Fed = batch) {
  const own = train({ ...lesson, data: [fed], method: auto({ budget }), epochs: 8 });
  const times: number[] = [];
  let windows = 0;
  for await (const event of own) {
    if (event.type !== "step") continue;
    windows = Math.max(windows, event.window + 1);
    times[event.epoch] = (times[event.epoch] ?? 0) + event.milliseconds / 1000;
  }
  const [plan] = own.explain().split("\n");
  return { plan, windows, peak: own.peakBytes, seconds: Math.min(...times) };
}
const whole = 1_100_000;

describe("the budget decides", () => {
  test.each([
    [4 * whole, /^auto: bptt, to keep all 512 steps takes [\d.]+ [KM]iB of the 4.2 MiB allowed/, 1],
    [whole / 5, /^auto: checkpointed, to keep all 512 steps takes/, 1],
    [100_000, /^auto: truncated, .* and checkpointed [\d.]+ KiB; no gradient passes more/, 2],
  ])("%i bytes", async (budget, said, atLeast) => {
    const { plan, windows, peak, seconds } = await run(budget);
    expect(plan).toMatch(said);
    expect(windows).toBeGreaterThanOrEqual(atLeast);
    expect(peak).toBeLessThanOrEqual(budget);
    const [, bytes, unit] = /needs ([\d.]+) ([KM])iB/.exec(plan)!;
    expect(Number(bytes) * (unit === "M" ? 2 ** 20 : 2 ** 10)).toBeCloseTo(peak, -5);
    // The fastest of the epochs, on a machine that may be busy while speed is measured.
    const predicted = Number(/about ([\d.e-]+) s/.exec(plan)![1]);
    expect(predicted / seconds).toBeGreaterThan(0.2);
    expect(predicted / seconds).toBeLessThan(5);
  });
  test("what not even a window of one step fits into is refused with the numbers", async () => {
    await expect(run(10_000)).rejects.toMatchObject({ code: "budget-small" });
  });
});

test("a loss at the end alone cannot be cut: checkpointed is the last resort", () => {
  const last = sequential(unroll(gru({ size: 16, input: 4 })), lastStep(), dense(1));
  const fed = { inputs: batch.inputs, targets: tensor([[1], [2], [3], [4]]) };
  const step = { ...lesson, model: last, method: auto({ budget: 1000 }) };
  expect(() => fitted(step, last.init(random.key(0)), fed)).toThrow(
    /no schedule for sequences of 512/,
  );
});

test("a budget that no batch was shown to is refused, not passed over", () => {
  for (const method of [auto(), checkpointed({ budget: 1e6 })])
    expect(() => method.learn({ ...lesson, batch, key: undefined }, params, {})).toThrow(/fitted/);
});

test("a method that does not choose is what it was", () => {
  const method = bptt();
  expect(fitted({ ...lesson, method }, params, batch)).toBe(method);
});
