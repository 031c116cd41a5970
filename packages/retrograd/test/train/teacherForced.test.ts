/** Teacher forcing on the logistic map: against a loop over numbers, and where bptt is lost. */
import { random, scan, type Tensor, tensor, zeros } from "retrograd";
import { gru } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { swapAxes } from "../../src/loops/scan.ts";
import {
  bptt,
  type Fed,
  firstCarry,
  type Method,
  mse,
  sgd,
  type Trainable,
  teacherForced,
  train,
  trainingStep,
} from "../../src/train/index.ts";

const float64 = { dtype: "float64" } as const;
/** h' = r h (1 − h), which is what it says; the input is what was observed. */
const logistic: Trainable = {
  init: () => ({ r: tensor(3.7, float64) }),
  state: (_, rows) => ({ h: zeros([rows, 1], float64) }),
  run({ r }, x, { state }) {
    const step = ({ h }: { h: Tensor }, _: Tensor, p: { r: Tensor }) => {
      const next = h.mul(h.sub(1).mul(-1)).mul(p.r);
      return { state: { h: next }, output: next };
    };
    const ran = scan(step, state, swapAxes(x), { r });
    return { output: swapAxes(ran.outputs), state: ran.state };
  },
};

/** A chaotic series, r = 3.9. */
const series = (time: number): number[] => {
  const x = [0.3];
  while (x.length <= time) x.push(3.9 * x[x.length - 1] * (1 - x[x.length - 1]));
  return x;
};
function data(time: number): Fed {
  const x = series(time);
  return {
    inputs: tensor(Float64Array.from(x.slice(0, time)), { shape: [1, time, 1] }),
    targets: tensor(Float64Array.from(x.slice(1)), { shape: [1, time, 1] }),
  };
}
/** Mean squared error by a loop over numbers. */
function byHand(r: number, alpha: number, every: number, time: number): number {
  const x = series(time);
  let [h, sum] = [0, 0];
  for (let t = 0; t < time; t++) {
    if (t === 0) h = x[0];
    else if (t % every === 0) h = (1 - alpha) * h + alpha * x[t];
    h = r * h * (1 - h);
    sum += (h - x[t + 1]) ** 2;
  }
  return sum / time;
}

const infer = (input: Tensor) => ({ h: input });
function learn(method: Method, fed: Fed, updates = 1) {
  const options = { model: logistic, loss: mse(), optimizer: sgd(0), method };
  const carry = firstCarry(options, logistic.init(random.key(0)), 1);
  const run = resident(trainingStep(options), carry, { target: "reference" });
  const seen = Array.from({ length: updates }, () => run.call(fed, tensor(0, float64)));
  return seen.map(({ loss, norm }) => ({ loss: loss.item(), norm: norm.item() }));
}

describe("the state is drawn towards the data", () => {
  test.each([
    [0, 1],
    [0.3, 1],
    [0.8, 3],
    [1, 4],
  ])("by α = %d every %i steps: loss and gradient of the loop", (alpha, every) => {
    const [{ loss, norm }] = learn(teacherForced({ alpha, every, infer }), data(10));
    expect(loss).toBeCloseTo(byHand(3.7, alpha, every, 10), 12);
    const at = (d: number) => byHand(3.7 + d, alpha, every, 10);
    const step = 1e-5;
    const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    expect(norm / Math.abs(slope)).toBeCloseTo(1, 7);
  });
  test("by an α that goes from one value to another over the updates", () => {
    const annealed = teacherForced({ alpha: { from: 1, to: 0, updates: 4 }, infer });
    const found = learn(annealed, data(10), 6).map(({ loss }) => loss);
    [1, 0.75, 0.5, 0.25, 0, 0].forEach((alpha, k) =>
      expect(found[k]).toBeCloseTo(byHand(3.7, alpha, 1, 10), 6),
    );
  });
});

test("through chaos the gradient stays bounded where bptt's explodes", () => {
  const far = data(150);
  const [free] = learn(teacherForced({ alpha: 0, infer }), far);
  // |F'| = r |1 − 2h| < 3.7, so 1 − α = 0.25 brings neighbours together.
  const [forced] = learn(teacherForced({ alpha: 0.75, infer }), far);
  expect(free.norm).toBeGreaterThan(1e12);
  expect(forced.norm).toBeLessThan(10);
});

test("layers that carry a state can be forced, compiled", async () => {
  const model = sequential(unroll(gru({ size: 4, input: 1 })), dense(1));
  const x = tensor(Float32Array.from(series(40)), { shape: [1, 41, 1] });
  const fed = { inputs: x.slice(null, [0, 40]), targets: x.slice(null, [1, 41]) };
  // Only the first unit is observed; the others go on as they are.
  const first = tensor([1, 0, 0, 0]);
  const shown = (input: Tensor, [{ h }]: any) => [{ h: h.add(input.sub(h).mul(first)) }, {}];
  const losses: number[] = [];
  const method = teacherForced({ alpha: 0.5, infer: shown });
  const lesson = { model, data: [fed], loss: mse(), optimizer: sgd(0.2), method, epochs: 40 };
  for await (const event of train(lesson)) if (event.type === "epoch") losses.push(event.loss);
  expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]);
  expect(losses[0]).not.toBeCloseTo((await onlyLoss(bptt())) as number, 4);
  async function onlyLoss(other: Method) {
    for await (const event of train({ ...lesson, method: other, epochs: 1 }))
      if (event.type === "epoch") return event.loss;
  }
});

test("an α beyond [0, 1] is refused", () => {
  expect(() => teacherForced({ alpha: 1.5, infer })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: teacherForced: given alpha = 1.5; expected a number in [0, 1].
      Give a number in [0, 1].   (bad-argument)]
  `);
});
