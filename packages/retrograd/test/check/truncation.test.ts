/** The truncation meter: what it says is lost is what was cut, border by border. */
import { map, random, scalar, scan, type Tensor, tensor, vjp } from "retrograd";
import { gru, rnn } from "retrograd/cells";
import { dense, lastStep, sequential, unroll } from "retrograd/layers";
import { mse } from "retrograd/train";
import { expect, test } from "vitest";
import { measureTruncation } from "../../src/check/index.ts";
import { intervalOf } from "../../src/check/interval.ts";
import { flatten } from "../../src/tensor/tree.ts";

const d = { dtype: "float64" as const };
const draw = (seed: number, shape: number[]) => random.normal(random.key(seed), shape, d);

test("the bias is the sum of what was cut, border by border", () => {
  const [rows, time, window] = [2, 10, 4];
  const model = sequential(unroll(gru({ size: 3, input: 2 })), dense(1));
  const params = model.init(random.key(0), d);
  const [inputs, targets] = [draw(1, [rows, time, 2]), draw(2, [rows, time, 1])];
  const report = measureTruncation(model, {
    params,
    batches: [{ inputs, targets }],
    loss: mse(),
    windows: [window],
    target: "reference",
  });
  const flat = (tree: any) => flatten(tree).flatMap((t: Tensor) => [...t.data]);
  const part = (t: Tensor, from: number, to: number) => t.slice(null, [from, Math.min(to, time)]);
  // The loss of one window, as a function of the state that enters it.
  const lossOf = (p: any, state: any, from: number) => {
    const y = model.run(p, part(inputs, from, from + window), { state }).output;
    const e = y.sub(part(targets, from, from + window));
    return e
      .mul(e)
      .sum()
      .div(rows * time);
  };
  // λ_b, and its way back through everything before the border b.
  const cut = [4, 8].map((b) => {
    const [state, before] = vjp((p: any) => model.run(p, part(inputs, 0, b)).state, params);
    const [, within] = vjp((s: any) => lossOf(params, s, b), state);
    const [lambda] = within(tensor(1, d));
    return flat(before(lambda)[0]);
  });
  const whole = (p: any) => {
    const e = model.run(p, inputs).output.sub(targets);
    return e
      .mul(e)
      .sum()
      .div(rows * time);
  };
  const [, back] = vjp(whole, params);
  const exact = flat(back(tensor(1, d))[0]);
  const norm = (x: number[]) => Math.sqrt(x.reduce((s, v) => s + v * v, 0));
  const lost = exact.map((_, i) => cut[0][i] + cut[1][i]);
  const [found, last] = report.windows;
  expect(found.bias).toBeCloseTo(norm(lost) / norm(exact), 10);
  expect(found.error.mean).toBeCloseTo(found.bias, 12);
  const left = exact.map((g, i) => g - lost[i]);
  const cosine = left.reduce((s, g, i) => s + g * exact[i], 0) / norm(left) / norm(exact);
  expect(found.cosine.mean).toBeCloseTo(cosine, 10);
  expect(found.bias).toBeGreaterThan(1e-3);
  expect(last).toMatchObject({ window: time, bias: 0, error: { mean: 0 } });
});

test("a memory that fades by a known factor is cut by a known error", () => {
  // h' = a h + x with x = 1 at the first step alone, L = h at the end: ∂L/∂a = (T − 1) a^(T − 2).
  // A window that begins after the first step sees nothing of it before its border: h_b moves no
  // more, and only the steps within are left: (T − b) a^(T − 2).
  const [time, a] = [12, 0.8];
  const cell = {
    init: () => ({ a: tensor([a], d) }),
    state: (_: any, n: number) => ({ h: tensor(new Float64Array(n), { shape: [n, 1], ...d }) }),
  };
  const model = {
    ...cell,
    run(p: any, x: Tensor, { state }: any) {
      const ran = scan(
        ({ h }: { h: Tensor }, now: Tensor, { a }: any) => ({ state: { h: h.mul(a).add(now) } }),
        state ?? cell.state(p, x.shape[0]),
        map("abc->bac", scalar.slot(0), [x]),
        p,
      );
      return { output: ran.state.h, state: ran.state };
    },
  };
  const inputs = tensor(
    Float64Array.from({ length: time }, (_, t) => Number(t === 0)),
    { shape: [1, time, 1], ...d },
  );
  // (h − 0)² / 1 has the slope 2 h ∂h/∂a: the factor is the same for every window.
  const batches = [{ inputs, targets: tensor([[0]], d) }];
  const { windows } = measureTruncation(model, {
    params: model.init(),
    batches,
    loss: mse(),
    windows: [3, 6],
    target: "reference",
  });
  expect(windows[0].error.mean).toBeCloseTo(1 - 3 / 11, 12);
  expect(windows[1].error.mean).toBeCloseTo(1 - 6 / 11, 12);
  expect(windows[0].cosine.mean).toBeCloseTo(1, 12);
});

test("the window that is recommended is the first whose interval lies below the tolerance", () => {
  const model = sequential(unroll(rnn({ size: 6, input: 1 })), lastStep(), dense(1));
  const params = model.init(random.key(3));
  const batches = Array.from({ length: 4 }, (_, k) => ({
    inputs: random.normal(random.key(10 + k), [4, 40, 1]),
    targets: random.normal(random.key(20 + k), [4, 1]),
  }));
  const meter = (tolerance: number) =>
    measureTruncation(model, { params, batches, loss: mse(), tolerance });
  const loose = meter(0.5);
  expect(loose.windows.map(({ window }) => window)).toEqual([8, 16, 32, 40]);
  for (const { cosine, error, bias } of loose.windows) {
    expect(cosine.low).toBeLessThanOrEqual(cosine.mean);
    expect(error.high).toBeGreaterThanOrEqual(error.mean);
    expect(bias).toBeGreaterThanOrEqual(0);
  }
  for (const tolerance of [0.5, 0.1, 0.01, 1e-12]) {
    const { recommended, windows, sentence } = meter(tolerance);
    const fits = windows.filter(({ error }) => error.high <= tolerance);
    expect(recommended).toBe(fits[0].window);
    expect(sentence).toContain(`${recommended}`);
  }
});

test("intervals hold their mean as often as they say, and are those of Student", () => {
  expect(intervalOf([1, 2, 3, 4]).high - 2.5).toBeCloseTo(3.182 * Math.sqrt(5 / 3 / 4), 10);
  let inside = 0;
  for (let k = 0; k < 400; k++) {
    const { low, high } = intervalOf([...random.normal(random.key(k), [6], d).data]);
    if (low <= 0 && high >= 0) inside++;
  }
  expect(inside / 400).toBeGreaterThan(0.92);
  expect(inside / 400).toBeLessThan(0.98);
});
