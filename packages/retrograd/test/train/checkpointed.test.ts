/** Checkpointed backpropagation: bptt's gradient to rounding, in the memory that was planned. */
import { random, type Tensor, tensor } from "retrograd";
import { gru, lstm } from "retrograd/cells";
import { dense, lastStep, meanOverTime, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { flatten } from "../../src/tensor/tree.ts";
import { refuse, type Schedule, withinBudget } from "../../src/train/budget.ts";
import {
  adam,
  bptt,
  type CheckpointedOptions,
  checkpointed,
  type Fed,
  firstCarry,
  fitted,
  type Method,
  mse,
  sgd,
  train,
  trainingStep,
} from "../../src/train/index.ts";
import { smallRnn, values } from "./models.ts";

const float64 = { dtype: "float64" } as const;
const [rows, time] = [3, 23];
const batch: Fed = { inputs: values(1, rows, time, 2), targets: values(2, rows, time, 1) };
const sizes = { input: 2, size: 4, output: 1, ...float64 };

type Target = "reference" | "wasm";
/** Loss, weight and parameters after a step. */
function learn(method: Method, fed: Fed, model: any, params: any, target: Target = "reference") {
  const options = { model, loss: mse(), optimizer: sgd(0.5), method };
  const carry = firstCarry(options, params, fed.inputs.shape[0]);
  const run = resident(trainingStep(options), carry, { target });
  const { loss, count, norm } = run.call(fed, tensor(0.5, { dtype: flatten(params)[0].dtype }));
  const after = flatten(run.read().params).flatMap((t: Tensor) => [...t.data]);
  return [loss.item(), count.item(), norm.item(), ...after];
}
const close = (a: number[], b: number[], digits: number) => {
  expect(a).toHaveLength(b.length);
  a.forEach((x, i) => expect(x).toBeCloseTo(b[i], digits));
};

const schedules: CheckpointedOptions[] = [
  {},
  { segments: 1 },
  { segments: 2 },
  { segments: 6 },
  { segments: 23 },
  { segments: 4, places: 2 },
  { segments: 7, places: 3 },
];

describe.each(schedules)("the schedule %o", (schedule) => {
  const method = checkpointed(schedule);
  test("gives the loss and the gradient of bptt, with a first state that is learned too", () => {
    for (const learned of [false, true]) {
      const model = smallRnn({ ...sizes, learned });
      const params = model.init();
      close(learn(method, batch, model, params), learn(bptt(), batch, model, params), 12);
    }
  });
  test("with lengths and weights over time", () => {
    const lengths = tensor(Int32Array.of(23, 11, 1));
    const fed = { ...batch, lengths, mask: values(3, rows, time) };
    const model = smallRnn(sizes);
    const params = model.init();
    close(learn(method, fed, model, params), learn(bptt(), fed, model, params), 12);
  });
});

describe("compiled, with layers and a loss at the end", () => {
  test.each([
    [{ segments: 6 }, meanOverTime()],
    [{ segments: 4, places: 2 }, lastStep()],
  ])("%o", (schedule, head) => {
    const model = sequential(unroll(gru({ size: 5, input: 2 })), head, dense(1));
    const params = model.init(random.key(0));
    const fed = {
      inputs: random.normal(random.key(1), [rows, time, 2]),
      targets: random.normal(random.key(2), [rows, 1]),
      lengths: tensor(Int32Array.of(23, 11, 2)),
      mask: tensor([1, 0.5, 2]),
    };
    const exact = learn(bptt(), fed, model, params, "wasm");
    close(learn(checkpointed(schedule), fed, model, params, "wasm"), exact, 5);
  });
});

describe("memory", () => {
  const long = 2048;
  const model = sequential(unroll(lstm({ size: 16, input: 4 })), dense(1));
  const params = model.init(random.key(0));
  const fed = {
    inputs: random.normal(random.key(1), [4, long, 4]),
    targets: random.normal(random.key(2), [4, long, 1]),
  };
  const step = (method: Method) => ({ model, loss: mse(), optimizer: adam(), method });
  const fit = (method: Method) => fitted(step(method), params, fed, { target: "wasm" });
  function run(method: Method) {
    const options = step(method);
    const program = resident(trainingStep(options), firstCarry(options, params, 4), {
      target: "wasm",
    });
    const { loss } = program.call(fed, tensor(1e-3));
    return { peak: program.peakBytes, loss: loss.item() };
  }
  const whole = run(bptt());
  const data = 4 * (fed.inputs.size + fed.targets.size);

  test("a smaller budget is honoured with another schedule, to the same loss", () => {
    let most = Infinity;
    for (const budget of [whole.peak, Math.floor(whole.peak / 5)]) {
      const method = fit(checkpointed({ budget }));
      const { peak, loss } = run(method);
      expect(peak).toBeLessThanOrEqual(budget);
      expect(peak).toBeLessThan(most);
      expect(method.plan).toContain("2048 steps");
      expect(loss).toBeCloseTo(whole.loss, 6);
      most = peak;
    }
  });
  test("the plan says what the program needs", () => {
    const { plan } = fit(checkpointed({ segments: 4, places: 2 }));
    const { peak } = run(checkpointed({ segments: 4, places: 2 }));
    expect(plan).toMatchInlineSnapshot(
      `"checkpointed: 2048 steps in 4 segments of 512 (the last of 512); at most 2 states are kept, every segment but the last runs forward 2.67 times, in 1.4 MiB"`,
    );
    const said = Number(/in ([\d.]+) MiB/.exec(plan!)![1]) * 2 ** 20;
    expect(Math.abs(said / peak - 1)).toBeLessThan(0.05);
    expect(peak).toBeLessThan(whole.peak / 2); // what is run again is not alive beside the rest
  });
  test("the least work that fits is chosen", () => {
    // Numbers instead of a compiler: a state of 1,000 bytes, 10,000 a step within a segment.
    const bytes = ({ length, places }: Schedule) => {
      const count = Math.ceil(60 / length) - 1;
      return 5000 + 1000 * Math.min(count, places) + 10_000 * length;
    };
    const chosen = (budget: number) => withinBudget(60, 1000, budget, bytes).choice;
    expect(chosen(605_000)).toEqual({ length: 60, places: Infinity });
    expect(chosen(604_999)).toEqual({ length: 3, places: Infinity }); // 5 + 19 + 30
    expect(chosen(54_000)).toEqual({ length: 3, places: Infinity });
    expect(chosen(53_999)).toEqual({ length: 1, places: 11 }); // 5 + 11 + 10
    expect(() =>
      refuse(withinBudget(60, 1000, 10_000, bytes), 60, 10_000),
    ).toThrowErrorMatchingInlineSnapshot(`
      [RetrogradError: checkpointed: no schedule for sequences of 60 steps fits into 0.01 MiB; the least that was found, segments of 1 steps, needs 0.03 MiB.
        Allow 0.03 MiB, use a smaller batch, or cut the sequences: truncated({ window }).   (budget-small)]
    `);
  });
  test("what no schedule can meet is refused with the numbers", () => {
    expect(() => fit(checkpointed({ budget: data }))).toThrowErrorMatchingInlineSnapshot(`
      [RetrogradError: checkpointed: no schedule for sequences of 2048 steps fits into 0.16 MiB; the least that was found, segments of 21 steps, needs 0.32 MiB.
        Allow 0.32 MiB, use a smaller batch, or cut the sequences: truncated({ window }).   (budget-small)]
    `);
  });
  test("a run takes the budget as its limit, and explains what it chose", async () => {
    const budget = Math.floor(data + 0.5 * (whole.peak - data));
    const lesson = { model, loss: mse(), optimizer: adam(), params, target: "wasm" as const };
    const run = train({ ...lesson, data: [fed], method: checkpointed({ budget }), steps: 1 });
    for await (const _ of run);
    expect(run.peakBytes).toBeLessThanOrEqual(budget);
    expect(run.explain()).toMatch(/^checkpointed: 2048 steps in \d+ segments/);
  });
});

test("options that contradict each other, and models that read from both ends, are refused", () => {
  expect(() => checkpointed({ segments: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: checkpointed: given segments = 0; expected a whole number above 0.
      Give a whole number above 0.   (bad-argument)]
  `);
  expect(() => checkpointed({ segments: 3, budget: 1e6 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: checkpointed: given a budget beside segments or places; expected one of them: the budget decides the others.
      Give one of them: the budget decides the others.   (bad-argument)]
  `);
  expect(() => checkpointed({ places: 1 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: checkpointed: given places = 1; expected at least 2: the first state, and that of the segment under way.
      Give at least 2: the first state, and that of the segment under way.   (bad-argument)]
  `);
  const model = sequential(unroll(gru({ size: 5, input: 2 }), { reverse: true }), dense(1));
  const params = model.init(random.key(0), { dtype: "float64" });
  expect(() => learn(checkpointed(), batch, model, params)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: a method that goes through a batch in segments: given a model that must see whole sequences: it begins at the end of the sequence; expected a model that goes forward through time, or the method bptt().
      Give a model that goes forward through time, or the method bptt().   (bad-argument)]
  `);
});
