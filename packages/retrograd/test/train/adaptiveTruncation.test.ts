/** adaptiveTruncation: the window in closed form, the bias within what was allowed, runs that go on. */
import { expect, test } from "vitest";
import { rnn } from "../../src/cells/rnn.ts";
import { measureTruncation } from "../../src/check/index.ts";
import { dense, sequential, unroll } from "../../src/layers/index.ts";
import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { key } from "../../src/ops/random.ts";
import { swapAxes } from "../../src/ops/shape.ts";
import { add, mul, slot } from "../../src/scalar/index.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { flatten, mapTree } from "../../src/tensor/tree.ts";
import { stepsNeeded } from "../../src/train/decay.ts";
import { fadingOf } from "../../src/train/fading.ts";
import {
  adam,
  adaptiveTruncation,
  bptt,
  feed,
  memoryStore,
  mse,
  sgd,
  type Trainable,
  type TrainOptions,
  train,
} from "../../src/train/index.ts";
import { values } from "./models.ts";

/** h' = a h + x, which says h: what a loss sends back shrinks by a in every step. */
const linear: Trainable & { init(): any } = {
  init: () => ({ a: tensor([0.8], { dtype: "float64" }) }),
  state: (_, rows) => ({ h: tensor(new Float64Array(rows), { shape: [rows, 1] }) }),
  run(params, inputs, { state }) {
    const step = ({ h }: any, x: Tensor, { a }: any) => {
      const next = map("bi,bi,i->bi", add(mul(slot(0), slot(2)), slot(1)), [h, x, a]);
      return { state: { h: next }, output: next };
    };
    const first = state ?? this.state(params, inputs.shape[0]);
    const ran = scan(step, first, swapAxes(inputs, 0, 1), params);
    return { output: swapAxes(ran.outputs as Tensor, 0, 1), state: ran.state };
  },
};
const fadingBy = (a: number, steps = 64) => ({
  norms: Array.from({ length: steps }, (_, k) => a ** k),
  sums: Array.from({ length: steps }, (_, k) => (1 - a ** (k + 1)) / (1 - a)),
});

test("steps in closed form: E(K)/‖g‖ is a^K for a gradient that fades by a", () => {
  for (const a of [0.3, 0.8, 0.9])
    for (const tolerance of [0.5, 0.1, 0.01]) {
      const needed = stepsNeeded(fadingBy(a), tolerance);
      // The first of the norms belongs to the state one step back.
      expect(needed).toBe(1 + Math.ceil(Math.log(tolerance) / Math.log(a) - 1e-6));
    }
});
test("what does not fade needs all steps, and what is gone at once needs one", () => {
  expect(stepsNeeded(fadingBy(0.999999), 0.1)).toBe(Infinity);
  expect(stepsNeeded({ norms: [1, 2, 4, 8], sums: [1, 3, 7, 15] }, 0.1)).toBe(Infinity);
  expect(stepsNeeded({ norms: [1, 0, 0, 0], sums: [1, 1, 1, 1] }, 0.1)).toBe(2);
  expect(stepsNeeded({ norms: [0], sums: [0] }, 0.1)).toBe(1);
});

test("a linear recurrence fades by its factor, row by row", () => {
  const batch = feed({ inputs: values(1, 3, 12, 1), targets: values(2, 3, 12, 1) });
  const { norms, sums } = fadingOf(linear, mse(), 12, "reference")(linear.init(), batch);
  // ∂L/∂h of the mean over 3 rows, through the last step.
  const { output } = linear.run(linear.init(), batch.inputs, {});
  const slope = [0, 1, 2].map((row) => {
    const at = row * 12 + 11;
    return (2 / 3) * 0.8 * ((output.data[at] as number) - (batch.targets.data[at] as number));
  });
  const [norm, sum] = [
    slope.reduce((s, x) => s + Math.abs(x), 0) / 3,
    Math.abs(slope.reduce((s, x) => s + x, 0)) / 3,
  ];
  norms.forEach((x, k) => expect(x).toBeCloseTo(norm * 0.8 ** k, 12));
  sums.forEach((x, k) => expect(x).toBeCloseTo((sum * (1 - 0.8 ** (k + 1))) / 0.2, 12));
});
test("rows that are shorter send nothing back", () => {
  const whole = { inputs: values(1, 3, 12, 1), targets: values(2, 3, 12, 1) };
  const first = (t: Tensor) => tensor(t.data.slice(0, 12), { shape: [1, 12, 1], dtype: t.dtype });
  const fading = fadingOf(linear, mse(), 12, "reference");
  const model = sequential(unroll(rnn({ size: 4, input: 1 })), dense(1));
  const params = model.init(key(1), { input: [1], dtype: "float64" });
  const own = fadingOf(model, mse(), 12, "reference");
  const lengths = tensor(Int32Array.of(12, 5, 1));
  const alone = own(params, feed({ inputs: first(whole.inputs), targets: first(whole.targets) }));
  own(params, feed({ ...whole, lengths })).norms.forEach((x, k) => {
    expect(x).toBeCloseTo(alone.norms[k] / 3, 12);
  });
  expect(fading(linear.init(), feed(whole)).norms).toHaveLength(12);
});

const model = sequential(unroll(rnn({ size: 6, input: 2 })), dense(1));
const [rows, time] = [4, 64];
const batches = [3, 4].map((seed) => ({
  inputs: values(seed, rows, time, 2),
  targets: values(seed + 2, rows, time, 1),
}));
const options = (more: Partial<TrainOptions>): TrainOptions => ({
  ...{ model, data: batches, loss: mse(), optimizer: sgd(0.05), seed: 1, epochs: 1 },
  ...more,
});
const numbersOf = (params: any) => flatten(params).flatMap((t) => [...t.data]);

test("the measured bias is within the tolerance", () => {
  const first = model.init(key(3), { input: [2], dtype: "float64" });
  const params = mapTree(first, (t: Tensor) => t.mul(0.7));
  for (const tolerance of [0.3, 0.1, 0.03]) {
    const { adapts } = adaptiveTruncation({ tolerance, shortest: 1, longest: 32 });
    const given = { model, loss: mse(), params, batch: feed(batches[0]) };
    const steps = adapts!.choose(given);
    expect(steps).toBeLessThan(32);
    // Windows of so many steps cut more than windows that overlap by as many.
    const told = { params, batches, loss: mse(), windows: [2 * steps], tolerance };
    expect(measureTruncation(model, told).windows[0].bias).toBeLessThan(tolerance);
  }
});

test("where it spans the sequence the gradient is bptt's", async () => {
  const after = async (method: TrainOptions["method"]) => {
    const run = train(options({ method, target: "reference" }));
    for await (const event of run) if (event.type === "done") break;
    return numbersOf(run.params);
  };
  const exact = await after(bptt());
  expect(await after(adaptiveTruncation({ shortest: time }))).toEqual(exact);
  expect(await after(adaptiveTruncation({ shortest: 2, longest: 2 }))).not.toEqual(exact);
});

/** What is to be said at each step is what was seen `lag` steps before. */
function remembering(lag: number) {
  const inputs = values(9, rows, time, 1);
  const targets = inputs.data.map((_, i) =>
    i % time < lag ? 0 : (inputs.data[i - lag] as number),
  ) as Float64Array;
  return { inputs, targets: { data: targets, shape: [rows, time, 1] } };
}

test("the window follows what the model learns, and a run that goes on chooses alike", async () => {
  const method = adaptiveTruncation({ shortest: 1, longest: 16, tolerance: 0.1 });
  const learner = sequential(unroll(rnn({ size: 8, input: 1 })), dense(1));
  const told = options({ model: learner, data: [remembering(3)], optimizer: adam(0.02), method });
  const follow = async (run: AsyncIterable<any>) => {
    const said: string[] = [];
    for await (const event of run) if (event.type === "method") said.push(event.text);
    return said;
  };
  const whole = train({ ...told, epochs: 40 });
  const said = await follow(whole);
  expect(said.length).toBeGreaterThan(1);
  expect(said[0]).toMatchInlineSnapshot(
    `"adaptiveTruncation: gradients go back at least 16 steps, the most that it may"`,
  );
  expect(whole.explain()).toContain(said.at(-1));

  const store = memoryStore();
  // Broken off in the middle of an epoch, after one of its windows.
  const broken = train({ ...told, epochs: 40, steps: 77, checkpoint: { store } });
  const early = await follow(broken);
  const rest = await train.resume(store, { ...told, epochs: 40 });
  expect([...early, ...(await follow(rest))]).toEqual(said);
  expect(numbersOf(rest.params)).toEqual(numbersOf(whole.params));
});

test("what cannot be", () => {
  expect(() => adaptiveTruncation({ tolerance: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: adaptiveTruncation: given tolerance = 0; expected a number above 0.
      Give a number above 0.   (bad-argument)]
  `);
  expect(() => adaptiveTruncation({ shortest: 9, longest: 8 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: adaptiveTruncation: given shortest = 9 and longest = 8; expected a shortest that is at most the longest.
      Give a shortest that is at most the longest.   (bad-argument)]
  `);
});
