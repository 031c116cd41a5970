/** Strides, staggered borders and random cuts: where the gradient is zero, and where it is not. */
import fc from "fast-check";
import { grad, jit, random, stopGradient, type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { flatten } from "../../src/tensor/tree.ts";
import {
  bptt,
  type Fed,
  firstCarry,
  type Method,
  mse,
  randomTruncation,
  sgd,
  train,
  trainingStep,
  truncated,
  windows,
} from "../../src/train/index.ts";
import { windowsOf } from "../../src/train/windows.ts";
import { smallRnn, values } from "./models.ts";

const float64 = { dtype: "float64" } as const;
const [rows, time] = [2, 11];
const batch: Fed = { inputs: values(1, rows, time, 2), targets: values(2, rows, time, 1) };
const model = smallRnn({ input: 2, size: 3, output: 1, learned: true, ...float64 });
const params = model.init();

/** What each window of a batch finds, at unchanging parameters. */
function look(method: Method, fed: Fed, learner = model) {
  const options = { model: learner, loss: mse(), optimizer: sgd(0), method };
  const carry = firstCarry(options, learner.init(), fed.inputs.shape[0]);
  const run = resident(trainingStep(options), carry, { target: "reference" });
  const found = [...method.cut!(fed)].map((part) => {
    const { loss, count, norm } = run.call(part, tensor(0, float64));
    return { loss: loss.item(), count: count.item(), norm: norm.item() };
  });
  return { found, state: run.read().state };
}

describe("windows that overlap", () => {
  test("the loss of every step counts once, and the state goes on as in one pass", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (a, b) => {
        const [window, stride] = [Math.max(a, b), Math.min(a, b)];
        const lengths = tensor(Int32Array.of(11, 6));
        for (const fed of [batch, { ...batch, lengths }]) {
          const { found, state } = look(truncated({ window, stride }), fed);
          const whole = model.run(params, fed.inputs, fed);
          const [all] = look({ ...bptt(), cut: (one) => [one] }, fed).found;
          const sum = found.reduce((s, { loss, count }) => s + loss * count, 0);
          expect(sum / found.reduce((s, { count }) => s + count, 0)).toBeCloseTo(all.loss, 12);
          state.h.data.forEach((h: number, i: number) =>
            expect(h).toBeCloseTo(whole.state.h.data[i], 12),
          );
        }
      }),
      { numRuns: 5, seed: 3 },
    );
  });
  test("each update is the gradient of the new steps, back to where its window begins", () => {
    const { found } = look(truncated({ window: 5, stride: 2 }), batch);
    // Begins and new steps, by hand: [0, 5), then [2 | 5, 7), [4 | 7, 9), [6 | 9, 11).
    const places = [
      [0, 0, 5],
      [2, 5, 7],
      [4, 7, 9],
      [6, 9, 11],
    ];
    expect(found).toHaveLength(places.length);
    places.forEach(([begin, first, end], k) => {
      const loss = (p: any) => {
        const before = begin ? model.run(p, batch.inputs.slice(null, [0, begin]), {}).state : {};
        const state = begin ? stopGradient(before) : model.state(p, rows);
        const x = batch.inputs.slice(null, [begin, end]);
        const y = model.run(p, x, { state }).output.slice(null, [first - begin, end - begin]);
        return y
          .sub(batch.targets.slice(null, [first, end]))
          .square()
          .mean();
      };
      const norm = Math.hypot(...flatten(grad(loss)(params)).flatMap((t) => [...t.data]));
      expect(found[k].norm).toBeCloseTo(norm, 10);
    });
  });
  test("a dependency at lag τ has a gradient where τ < window, and exactly none beyond", () => {
    // Only U reads the input, which speaks once; only the step τ later has a target.
    const learner = smallRnn({ input: 1, size: 3, output: 1, ...float64 });
    const reaches = (lag: number, at: number, method: Method) => {
      const one = (t: number) => Float64Array.from({ length: 16 }, (_, k) => (k === t ? 1 : 0));
      const fed: Fed = {
        inputs: tensor(one(at), { shape: [1, 16, 1] }),
        targets: tensor(new Float64Array(16).fill(2), { shape: [1, 16, 1] }),
        mask: tensor(one(at + lag), { shape: [1, 16] }),
      };
      const options = { model: learner, loss: mse(), optimizer: sgd(1), method };
      const carry = firstCarry(options, learner.init(), 1);
      const run = resident(trainingStep(options), carry, { target: "reference" });
      for (const part of method.cut!(fed)) run.call(part, tensor(1, float64));
      const { U } = run.read().params;
      return U.data.some((x: number, i: number) => x !== learner.init().U.data[i]);
    };
    for (const at of [0, 3, 5]) {
      for (const lag of [4, 5, 9]) expect(reaches(lag, at, truncated({ window: 4 }))).toBe(false);
      for (const lag of [4, 5, 9])
        expect(reaches(lag, at, truncated({ window: 4, stride: 1 }))).toBe(false);
      for (const lag of [0, 1, 3])
        expect(reaches(lag, at, truncated({ window: 4, stride: 1 }))).toBe(true);
    }
    expect(reaches(1, 3, truncated({ window: 4 }))).toBe(false); // a border lies between
  });
});

describe("staggered borders", () => {
  test("each link of a lag below the window is inside one in its share of the turns", () => {
    const window = 10;
    const method = truncated({ window, stagger: true });
    const turns = 60;
    for (const lag of [1, 4, 8])
      for (let at = 20; at < 30; at++) {
        let inside = 0;
        for (let turn = 0; turn < turns; turn++) {
          const begins = method.begins!(100, turn);
          if (!begins.some((b) => at < b && b <= at + lag)) inside++;
        }
        expect(Math.abs(inside / turns - (1 - lag / window))).toBeLessThan(0.06);
      }
  });
  test("windows lie where the method says, and hold all steps", () => {
    const method = truncated({ window: 4, stagger: true });
    for (let turn = 0; turn < 9; turn++) {
      const parts = [...method.cut!(batch, turn)];
      const begins = method.begins!(time, turn);
      expect(parts).toHaveLength(begins.length);
      parts.forEach((part, k) => {
        const [x] = part.inputs.data;
        expect(x).toBe(batch.inputs.data[begins[k] * 2]);
      });
      const counted = parts.map((p) =>
        (p.mask ? Array.from(p.mask.data) : [4 * rows]).reduce((a, b) => a + b),
      );
      expect(counted.reduce((a, b) => a + b)).toBe(rows * time);
    }
  });
  test("a run cuts elsewhere in every epoch", async () => {
    const lesson = { model, data: [batch], loss: mse(), optimizer: sgd(0), epochs: 3 };
    const windowsIn = [0, 0, 0];
    for await (const event of train({
      ...lesson,
      method: truncated({ window: 5, stagger: true }),
      target: "reference",
    }))
      if (event.type === "step") windowsIn[event.epoch]++;
    expect(windowsIn).toEqual([0, 1, 2].map((e) => windowsOf(time, 5, at(e)).length));
  });
  const at = (epoch: number) => ({
    offset: Math.floor(5 * (((epoch * (Math.sqrt(5) - 1)) / 2) % 1)),
  });
});

test("a window that is longer than the sequences is said once, with both numbers", async () => {
  const lesson = { model, data: [batch, batch], loss: mse(), optimizer: sgd(0), epochs: 2 };
  const told: string[] = [];
  const method = truncated({ window: 12 });
  for await (const event of train({ ...lesson, method, target: "reference" }))
    if (event.type === "warning" && event.code === "window-long") told.push(event.text);
  expect(told).toMatchInlineSnapshot(`
    [
      "truncated: the sequences have 11 steps and the window 12, so each is learned from whole, and nothing is truncated.
      Use a window of less than 11 steps; or bptt(), if that is what is meant; or \`start\`, if sequences go on in the next batch.   (window-long)",
    ]
  `);
});

test("options that cannot be are refused", () => {
  expect(() => truncated({ window: 4, stride: 5 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: truncated: given stride = 5 with window = 4; expected a stride of at most the window: the steps between would teach nothing.
      Give a stride of at most the window: the steps between would teach nothing.   (bad-argument)]
  `);
  expect(() => randomTruncation({ window: 4, segment: 4 })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: randomTruncation: given window = 4 and segment = 4; expected a window longer than a segment.
      Give a window longer than a segment.   (bad-argument)]
  `);
});

describe("random truncation", () => {
  // Many rows with the same sequence: each draws its own cuts, so a batch is a mean over draws.
  const [draws, calls, length] = [64, 48, 8];
  const same = (t: Tensor) =>
    tensor(
      Float64Array.from({ length: draws * t.size }, (_, i) => t.data[i % t.size]),
      {
        shape: [draws, ...t.shape.slice(1)],
      },
    );
  const last = Float64Array.from({ length }, (_, t) => (t === length - 1 ? 1 : 0));
  const one: Fed = {
    inputs: values(4, 1, length, 2),
    targets: values(5, 1, length, 1).mul(3),
    mask: tensor(last, { shape: [1, length] }),
  };
  const fed: Fed = {
    inputs: same(one.inputs),
    targets: same(one.targets),
    mask: same(one.mask!),
  };
  const gradient = (method: Method, given: Fed) => {
    const learn = jit(
      (key: Tensor) => method.learn({ model, loss: mse(), batch: given, key }, params, {}).grads,
    );
    return (seed: number) => flatten(learn(random.key(seed))).flatMap((t) => [...t.data]);
  };
  const exact = gradient(bptt(), one)(0);
  const cut = [...windows(one, 4)][1];
  const half = model.run(params, one.inputs.slice(null, [0, 4]), {}).state;
  const plain = flatten(
    truncated({ window: 4 }).learn({ model, loss: mse(), batch: cut, key: undefined }, params, half)
      .grads,
  ).flatMap((t) => [...t.data]);

  test.each([1, 2])(
    "segments of %i: its mean is bptt's gradient, plain truncation's is not",
    (s) => {
      const draw = gradient(randomTruncation({ window: 4, segment: s }), fed);
      const found = Array.from({ length: calls }, (_, k) => draw(k));
      const away = (center: number[]) =>
        center.map((want, i) => {
          const mean = found.reduce((sum, g) => sum + g[i], 0) / calls;
          const variance = found.reduce((sum, g) => sum + (g[i] - mean) ** 2, 0) / (calls - 1);
          return Math.abs(mean - want) / (Math.sqrt(variance / calls) + 1e-12);
        });
      const rms = (z: number[]) => Math.sqrt(z.reduce((sum, x) => sum + x * x, 0) / z.length);
      // Standard errors from the exact gradient: of 25 numbers, some of which no cut can reach.
      expect(Math.max(...away(exact))).toBeLessThan(4);
      expect(rms(away(exact))).toBeLessThan(1.8);
      expect(Math.max(...away(plain))).toBeGreaterThan(8);
    },
  );
  test("its value is exact: only the gradient is drawn", () => {
    const lesson = { model, loss: mse(), batch: one, key: random.key(1) };
    const own = randomTruncation({ window: 3 }).learn(lesson, params, {});
    const want = bptt().learn(lesson, params, {});
    expect(own.mean.sum.item()).toBeCloseTo(want.mean.sum.item(), 14);
  });
});
