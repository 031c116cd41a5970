/** Layers that training leaves alone: what is learned around them, and what is not compiled. */
import { jit, random, type Tensor, tensor } from "retrograd";
import { rnn } from "retrograd/cells";
import {
  dense,
  embedding,
  encoderDecoder,
  frozen,
  type Layer,
  type Model,
  sequential,
  unroll,
} from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { flatten } from "../../src/tensor/tree.ts";
import {
  adam,
  bptt,
  checkpointed,
  crossEntropy,
  eprop,
  type Fed,
  firstCarry,
  forward,
  type Method,
  memoryStore,
  mse,
  sgd,
  train,
  trainingStep,
  truncated,
  windows,
} from "../../src/train/index.ts";
import { bits, eventsOf } from "./tasks.ts";

const float64 = { dtype: "float64" } as const;
const [rows, time, rate] = [2, 6, 0.05];
const normal = (seed: number, ...shape: number[]) =>
  random.normal(random.key(seed), shape, float64);
const batch: Fed = { inputs: normal(1, rows, time, 2), targets: normal(2, rows, time, 1) };
const reservoir = () => unroll(rnn({ size: 5 }));
const modelOf = (...layers: any[]) =>
  sequential(...layers) as Model<any> & { layers: readonly { name: string }[] };
const drawn = (model: Model) => model.init(random.key(3), { input: 2, ...float64 });

/** Parameters after the batch was learned three times, and the losses on the way. */
function learn(model: Model, params: any, fed: Fed, method: Method, window = method.window) {
  const optimizer = adam(rate, { weightDecay: 0.1 });
  const options = { model, loss: mse(), optimizer, method };
  const carry = firstCarry(options, params, rows);
  const run = resident(trainingStep(options), carry, { target: "reference" });
  const parts = [...windows(fed, window ?? time)];
  const losses = [...parts, ...parts, ...parts].map((part) =>
    run.call(part, tensor(rate, float64)).loss.item(),
  );
  return { losses, params: run.read().params };
}
const near = (a: unknown, b: unknown) => {
  const [left, right] = [a, b].map((tree) => flatten(tree).flatMap((t) => [...t.data]));
  expect(left.length).toBe(right.length);
  left.forEach((x, i) => expect(x).toBeCloseTo(right[i], 11));
};

test.each([
  ["bptt", bptt()],
  ["checkpointed", checkpointed({ segments: 2 })],
  ["truncated", truncated({ window: 3 })],
  ["forward", forward()],
  ["forward over windows", forward({ window: 3 })],
])("what comes after it learns as from its outputs alone: %s", (_, method) => {
  const model = modelOf(frozen(reservoir()), dense(3, { activation: "tanh" }), dense(1));
  const [first, ...others] = drawn(model);
  const found = learn(model, [first, ...others], batch, method);
  const outputs = modelOf(reservoir()).apply([first], batch.inputs);
  const alone = modelOf(dense(3, { activation: "tanh" }), dense(1));
  const expected = learn(alone, others, { ...batch, inputs: outputs }, bptt(), method.window);
  near(found.params.slice(1), expected.params);
  found.losses.forEach((loss, k) => expect(loss).toBeCloseTo(expected.losses[k], 11));
  expect(bits(found.params[0])).toEqual(bits(first));
  expect(bits(found.params[1])).not.toEqual(bits(others[0]));
});

test("what comes before it learns through it", () => {
  const of = (wrap: typeof frozen) => modelOf(dense(2), wrap(reservoir()), dense(1));
  const params = drawn(of(frozen));
  const step = (model: Model) => {
    const options = { model, loss: mse(), optimizer: sgd(rate) };
    const [next] = trainingStep(options)(firstCarry(options, params, rows), batch, tensor(rate));
    return next.params;
  };
  const [held, free] = [step(of(frozen)), step(of((layer) => layer))];
  near([held[0], held[2]], [free[0], free[2]]);
  expect(bits(held[1])).toEqual(bits(params[1]));
  expect(bits(free[1])).not.toEqual(bits(params[1]));
});

describe("what is compiled", () => {
  const explained = (wrap: typeof frozen) => {
    const model = modelOf(wrap(reservoir()), dense(1));
    const options = { model, loss: mse(), optimizer: adam(rate) };
    const first = firstCarry(options, drawn(model), rows);
    const program = jit(trainingStep(options));
    program(first, batch, tensor(rate));
    return { text: program.explain(), moments: flatten(first.optimizer).length };
  };
  const [held, free] = [explained(frozen), explained((layer) => layer)];
  test("one loop, forward", () => {
    const loops = (text: string) => text.match(/for \d+ steps.*\(scan\)/g);
    expect(loops(held.text)).toEqual([`for ${time} steps (scan)`]);
    expect(loops(free.text)).toEqual([
      `for ${time} steps (scan)`,
      `for ${time} steps, backwards (scan)`,
    ]);
  });
  test("the optimizer keeps two numbers for each weight and bias of the readout", () => {
    expect(held.moments).toBe(2 * 2);
    expect(free.moments).toBeGreaterThan(2 * 2);
  });
});

test("a run that was interrupted goes on to the same bits", async () => {
  const model = modelOf(frozen(reservoir()), dense(1));
  const data = [batch, { ...batch, inputs: normal(5, rows, time, 2) }];
  const lesson = { ...{ model, data, loss: mse(), optimizer: adam(rate) }, epochs: 3 };
  const whole = train({ ...lesson, params: drawn(model) });
  await eventsOf(whole);
  const store = memoryStore();
  for await (const event of train({ ...lesson, params: drawn(model), checkpoint: { store } }))
    if (event.type === "step" && event.step === 3) break;
  const again = await train.resume(store, lesson);
  await eventsOf(again);
  expect(bits(again.params)).toEqual(bits(whole.params));
  expect(bits(again.params[0])).toEqual(bits(drawn(model)[0]));
});

test("parts of an encoder–decoder may be frozen", () => {
  const hold = [{ encoder: frozen }, { head: frozen }, { embedding: frozen }];
  for (const held of hold as Record<string, typeof frozen | undefined>[]) {
    const wrap = (part: string, layer: Layer): Layer => held[part]?.(layer) ?? layer;
    const model = encoderDecoder(wrap("encoder", reservoir()), {
      cell: rnn({ size: 4 }),
      embedding: wrap("embedding", embedding(3, 2)),
      head: wrap("head", dense(3)),
    });
    const params = model.init(random.key(1), { input: 2, ...float64 });
    const options = { model, loss: crossEntropy(), optimizer: sgd(rate) };
    const targets = tensor([0, 1, 2, 2, 1, 0], { shape: [rows, 3], dtype: "int32" });
    const fed = { inputs: batch.inputs, targets };
    const [next] = trainingStep(options)(firstCarry(options, params, rows), fed, tensor(rate));
    const parts = (p: any) => ({ encoder: p.encoder, ...p.decoder });
    const [before, after] = [parts(params), parts(next.params)];
    const same = Object.keys(before).filter((k) => `${bits(before[k])}` === `${bits(after[k])}`);
    expect(same).toEqual(Object.keys(held));
  }
});

test("models of frozen layers alone, and what is no layer, are refused", () => {
  const model = modelOf(frozen(reservoir()));
  const options = { model, loss: mse(), optimizer: sgd(rate), method: eprop() };
  expect(() => firstCarry(options, drawn(model), rows)).toThrow(/all frozen/);
  expect(() => frozen(rnn({ size: 3 }) as never)).toThrow(/a layer, such as unroll\(cell\)/);
});

test("its parameters are drawn as ever", () => {
  const [held, free] = [modelOf(frozen(reservoir()), dense(1)), modelOf(reservoir(), dense(1))];
  const tensors: Tensor[] = flatten(drawn(held));
  expect(bits(tensors)).toEqual(bits(drawn(free)));
  expect(held.layers[0].name).toBe("frozen(unroll(rnn))");
});
