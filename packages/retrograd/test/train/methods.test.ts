/** bptt and truncated: equal where they must be, blind where they must be. */
import { describe, expect, test } from "vitest";
import { resident } from "../../src/jit/jit.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { flatten } from "../../src/tensor/tree.ts";
import {
  bptt,
  type Fed,
  feed,
  firstCarry,
  type Method,
  mse,
  padRows,
  sgd,
  trainingStep,
  truncated,
  windows,
} from "../../src/train/index.ts";
import { numbers, smallRnn, values } from "./models.ts";

const float64 = { dtype: "float64" } as const;
const [rows, time] = [3, 6];
const batch: Fed = { inputs: values(1, rows, time, 2), targets: values(2, rows, time, 1) };
const sizes = { input: 2, size: 4, output: 1, ...float64 };
const model = smallRnn(sizes);

/** Losses, norms and parameters after steps with a method. */
function learn(method: Method, batches: Fed[], learner = model) {
  const options = { model: learner, loss: mse(), optimizer: sgd(0.1), method };
  const carry = firstCarry(options, learner.init(), batches[0].inputs.shape[0]);
  const run = resident(trainingStep(options), carry, { target: "reference" });
  const seen = batches.map((b) => run.call(b, tensor(0.1, float64)));
  return {
    losses: seen.map((s) => s.loss.item()),
    norms: seen.map((s) => s.norm.item()),
    carry: run.read(),
    params: flatten(run.read().params).flatMap((t) => Array.from(t.data)),
  };
}
const cut = (fed: Fed, window: number) => [...windows(fed, window)];
const same = (a: number[], b: number[], digits = 12) =>
  a.forEach((x, i) => expect(x).toBeCloseTo(b[i], digits));

test("a window over everything is bptt", () => {
  for (const learner of [model, smallRnn({ ...sizes, learned: true })]) {
    const exact = learn(bptt(), [batch, batch], learner);
    const begun = { ...batch, start: tensor([true, true, true]) };
    const windowed = learn(truncated({ window: time }), [begun, begun], learner);
    same(windowed.losses, exact.losses);
    same(windowed.norms, exact.norms);
    same(windowed.params, exact.params);
  }
});

describe("between windows", () => {
  const still = { model, loss: mse(), optimizer: sgd(0), method: truncated({ window: 2 }) };
  /** Losses of the windows, without learning. */
  const losses = (parts: Fed[]) => {
    const carry = firstCarry(still, model.init(), parts[0].inputs.shape[0]);
    const run = resident(trainingStep(still), carry, { target: "reference" });
    return parts.map((part) => run.call(part, tensor(0, float64)).loss.item());
  };
  const parts = cut(batch, 2);

  test("the state goes on: the windows' losses are those of the whole", () => {
    const [whole] = learn(bptt(), [batch]).losses;
    expect(losses(parts).reduce((a, b) => a + b) / parts.length).toBeCloseTo(whole, 12);
  });
  test("a start begins anew, in its own row only", () => {
    const row = (fed: Fed, r: number): Fed => {
      const of = (t: Tensor) => {
        const inner = t.size / t.shape[0];
        const data = t.data.slice(r * inner, (r + 1) * inner);
        return tensor(data, { shape: [1, ...t.shape.slice(1)], dtype: t.dtype });
      };
      return { inputs: of(fed.inputs), targets: of(fed.targets), start: of(fed.start!) };
    };
    const again = { ...parts[1], start: tensor([false, true, false]) };
    const one = (r: number, second: Fed) => losses([row(parts[0], r), row(second, r)])[1];
    const fresh = losses([{ ...row(parts[1], 1), start: tensor([true]) }])[0];
    expect(one(1, again)).toBeCloseTo(fresh, 12);
    expect(one(1, parts[1])).not.toBeCloseTo(fresh, 6);
    const mean = (one(0, parts[1]) + fresh + one(2, parts[1])) / 3;
    expect(losses([parts[0], again])[1]).toBeCloseTo(mean, 12);
  });
  test("no gradient passes the border: a cue before it teaches nothing", () => {
    // Only U reads the cue, which lies in the first window; only the last step has a target.
    const cue = Float64Array.from({ length: time }, (_, t) => (t === 0 ? 1 : 0));
    const mask = Float64Array.from({ length: time }, (_, t) => (t === time - 1 ? 1 : 0));
    const fed: Fed = {
      inputs: tensor(cue, { shape: [1, time, 1] }),
      targets: tensor(new Float64Array(time).fill(2), { shape: [1, time, 1] }),
      mask: tensor(mask, { shape: [1, time] }),
    };
    const learner = smallRnn({ ...sizes, input: 1 });
    const first = Array.from(learner.init().U.data as Float64Array);
    const moved = (method: Method, batches: Fed[]) => {
      const U = learn(method, batches, learner).carry.params.U.data;
      return first.some((x, i) => x !== U[i]);
    };
    expect(moved(truncated({ window: 3 }), cut(fed, 3))).toBe(false);
    expect(moved(truncated({ window: 6 }), cut(fed, 6))).toBe(true);
    expect(moved(bptt(), [fed])).toBe(true);
  });
  test("a learned first state has a gradient where a sequence starts, and only there", () => {
    const learner = smallRnn({ ...sizes, learned: true });
    const h0 = (parts: Fed[]) =>
      Array.from(learn(truncated({ window: 2 }), parts, learner).carry.params.h0.data);
    const first = Array.from(learner.init().h0.data);
    const going = parts.map((part) => ({ ...part, start: tensor([false, false, false]) }));
    expect(h0([going[0]])).toEqual(first);
    expect(h0([parts[0]])).not.toEqual(first);
  });
});

describe("cutting into windows", () => {
  test("the last one is padded: it weighs nothing there, and the state stays", () => {
    const parts = cut(batch, 4);
    expect(parts.map((p) => p.inputs.shape)).toEqual([
      [3, 4, 2],
      [3, 4, 2],
    ]);
    expect(parts[1].mask!.toArray()[0]).toEqual([1, 1, 0, 0]);
    expect(parts[1].lengths!.toArray()).toEqual([2, 2, 2]);
    const still = { model, loss: mse(), optimizer: sgd(0), method: truncated({ window: 4 }) };
    const run = resident(trainingStep(still), firstCarry(still, model.init(), 3), {
      target: "reference",
    });
    const sums = parts.map((part) => {
      const { loss, count } = run.call(part, tensor(0, float64));
      return loss.item() * count.item();
    });
    const whole = learn(bptt(), [batch]);
    expect(sums.reduce((a, b) => a + b) / (rows * time)).toBeCloseTo(whole.losses[0], 12);
    const once = model.run(model.init(), batch.inputs, {}).state.h.data;
    same(Array.from(run.read().state.h.data), Array.from(once));
  });
  test("lengths and masks are cut with the rest", () => {
    const lengths = tensor(Int32Array.of(6, 3, 1));
    const mask = tensor(numbers(18), { shape: [3, 6] });
    const parts = cut({ ...batch, lengths, mask }, 2);
    expect(parts.map((p) => p.lengths!.toArray())).toEqual([
      [2, 2, 1],
      [2, 1, 0],
      [2, 0, 0],
    ]);
    expect(parts[2].mask!.toArray()[1]).toEqual(mask.toArray()[1].slice(4));
  });
  test("targets must be over time", () => {
    const fed = { ...batch, targets: values(3, rows, 1) };
    expect(() => cut(fed, 2)).toThrowErrorMatchingSnapshot();
    expect(cut(fed, time)).toHaveLength(1);
    expect(() => truncated({ window: 0 })).toThrowErrorMatchingSnapshot();
  });
});

test("rows that are added weigh nothing", () => {
  const options = { model, loss: mse(), optimizer: sgd(0.1), method: bptt() };
  const after = (fed: Fed) => {
    const run = resident(trainingStep(options), firstCarry(options, model.init(), 3), {
      target: "reference",
    });
    const { loss, count } = run.call(fed, tensor(0.1, float64));
    const params = flatten(run.read().params).flatMap((t) => Array.from(t.data));
    return [loss.item(), count.item(), ...params];
  };
  same(after(padRows(feed(batch), 5)), after(batch));
});
