/** Newton's method over the trajectory: what `scan` gives, in a few rounds. */
import fc from "fast-check";
import {
  grad,
  jit,
  parallelScan,
  random,
  type Step,
  scan,
  type Tensor,
  tensor,
  valueAndGrad,
} from "retrograd";
import { describe, expect, test } from "vitest";
import { flatten } from "../../src/tensor/tree.ts";

const float64 = { dtype: "float64" } as const;
const normal = (seed: number, shape: number[], by = 1) =>
  random.normal(random.key(seed), shape, float64).mul(by);
const far = (a: unknown, b: unknown) => {
  const [left, right] = [flatten(a), flatten(b)];
  expect(left.map((t) => t.shape)).toEqual(right.map((t) => t.shape));
  return Math.max(0, ...left.map((t, k) => t.sub(right[k]).abs().max().item()));
};

type State = { h: Tensor; c: Tensor };
/** A gated step with two states that contracts. */
const gated: Step<State, Tensor, any, Tensor> = ({ h, c }, x, { W, U, V }) => {
  const f = h.dot(W).add(x.dot(U)).logistic();
  const nextC = f.mul(c).add(h.dot(V).tanh().mul(0.4));
  const next = nextC.tanh().mul(0.9);
  return { state: { h: next, c: nextC }, output: next.add(c) };
};
const [n, time] = [3, 17];
const params = { W: normal(1, [n, n], 0.4), U: normal(2, [2, n]), V: normal(3, [n, n], 0.5) };
const start = { h: normal(4, [n], 0.3), c: normal(5, [n], 0.3) };
const xs = normal(6, [time, 2]);

describe.each(["deer", "quasi-deer"] as const)("%s", (method) => {
  const both = (steps = xs, options = {}) => {
    const lossOf = (run: (p: any, s: State, x: Tensor) => { state: State; outputs: any }) =>
      valueAndGrad(
        (all: { p: any; s: State; x: Tensor }) => {
          const { state, outputs } = run(all.p, all.s, all.x);
          const weights = normal(7, outputs.shape);
          const loss = outputs.mul(weights).sum().add(state.h.sum()).add(state.c.mul(2).sum());
          return [loss, { state, outputs }] as const;
        },
        { hasAux: true },
      )({ p: params, s: start, x: steps });
    const given = options as { mask?: Tensor };
    return [
      lossOf((p, s, x) => scan(gated, s, x, p, given)),
      lossOf((p, s, x) => parallelScan(gated, s, x, p, { method, tolerance: 1e-13, ...given })),
    ];
  };
  test("equals scan, and so do the gradients, for any length", () => {
    for (const length of [1, 2, 3, 8, time]) {
      const [exact, found] = both(xs.slice([0, length]));
      expect(far(found, exact)).toBeLessThan(1e-10);
    }
  });
  test("with moments that are not valid", () => {
    const mask = tensor(Array.from({ length: time }, (_, t) => t < 11));
    const [exact, found] = both(xs, { mask });
    expect(far(found, exact)).toBeLessThan(1e-10);
  });
  test("compiled, over a batch", () => {
    const f = (s: State, x: Tensor, p: any) => {
      const { state, outputs, rounds } = parallelScan(gated, s, x, p, { method, tolerance: 1e-12 });
      return { state, outputs, rounds };
    };
    const run = (target: "wasm" | "reference") => jit(f, { target })(start, xs, params);
    const [compiled, exact] = [run("wasm"), run("reference")];
    expect(far(compiled.outputs, exact.outputs)).toBeLessThan(1e-11);
    expect(far(compiled.state, scan(gated, start, xs, params).state)).toBeLessThan(1e-10);
    expect(compiled.rounds.item()).toBe(exact.rounds.item());
  });
});

test("whole Jacobians need few rounds however long the sequence, diagonals more", () => {
  const long = normal(8, [1000, 2]);
  const run = (method: "deer" | "quasi-deer") =>
    jit((x: Tensor) => parallelScan(gated, start, x, params, { method }), { target: "wasm" })(long);
  const [deer, quasi] = [run("deer"), run("quasi-deer")];
  expect(deer.rounds.item()).toBeLessThan(12);
  expect(quasi.rounds.item()).toBeGreaterThan(deer.rounds.item());
  const { outputs } = jit((x: Tensor) => scan(gated, start, x, params))(long);
  expect(far(deer.outputs, outputs)).toBeLessThan(1e-8);
  expect(far(quasi.outputs, outputs)).toBeLessThan(1e-8);
});

test("any contractive step", () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom("deer" as const, "quasi-deer" as const),
      (seed, units, length, method) => {
        const W = normal(seed, [units, units], 0.5 / units);
        const step = (h: Tensor, x: Tensor, w: Tensor) => {
          const next = h.dot(w).add(x).tanh();
          return { state: next, output: next.mul(next) };
        };
        const x = normal(seed + 1, [length, units]);
        const h = normal(seed + 2, [units]);
        const lossOf = (run: typeof scan | typeof parallelScan) => (w: Tensor) =>
          (run as any)(
            step,
            h,
            x,
            w,
            run === scan ? {} : { method, tolerance: 1e-13, rounds: 60 },
          ).outputs.sum();
        expect(far(grad(lossOf(parallelScan))(W), grad(lossOf(scan))(W))).toBeLessThan(1e-9);
      },
    ),
    { numRuns: 15 },
  );
});

test("a step that expands takes a round for each moment, and says so where it has fewer", () => {
  const logistic = (h: Tensor, x: Tensor) => {
    const next = h.mul(3.9).mul(h.neg().add(1)).add(x.mul(0));
    return { state: next, output: next };
  };
  const [h, x] = [tensor([0.3], float64), normal(9, [30, 1])];
  expect(() => parallelScan(logistic, h, x, undefined, { rounds: 20 })).toThrow(
    /after 20 rounds \(deer\) a state still changes by .*the step does not contract/s,
  );
  const exact = scan(logistic, h, x).outputs;
  const found = parallelScan(logistic, h, x);
  expect(found.rounds.item()).toBeLessThanOrEqual(31);
  expect(found.outputs.sub(exact).abs().max().item()).toBeLessThan(1e-6);
  expect(() => parallelScan(gated, start, xs, params, { rounds: 1 })).toThrow(/after 1 rounds/);
  expect(() =>
    parallelScan((s: Tensor, t: Tensor) => [s, t], tensor([1], { dtype: "int32" }), x),
  ).toThrow(/states of one float dtype/);
});

test("inputs, masks and limits are checked as those of scan are", () => {
  const leak = (h: Tensor, x: Tensor) => ({ state: h.mul(0.5).add(x), output: h });
  const h = tensor([1, 2], float64);
  const series = (length: number) => normal(10, [length, 2]);
  const none = parallelScan(leak, h, series(0));
  expect([none.outputs!.shape, none.state.toArray(), none.rounds.item()]).toEqual([
    [0, 2],
    [1, 2],
    0,
  ]);
  const run =
    (x: any, options = {}) =>
    () =>
      parallelScan(leak, h, x, undefined, options);
  expect(run(undefined)).toThrow(/parallelScan.*no input.*bad-argument/s);
  expect(run(tensor(1, float64))).toThrow(/rank-mismatch/);
  expect(run(series(3), { mask: tensor([true, false]) })).toThrow(/scan-length/);
  expect(run(series(3), { mask: tensor([1, 0, 1]) })).toThrow(/a bool mask/);
  expect(run(series(3), { tolerance: Number.NaN })).toThrow(/tolerance.*a number above 0/s);
  for (const rounds of [0, 1.5])
    expect(run(series(3), { rounds })).toThrow(/rounds.*whole number/s);
  const two = { a: series(3), b: series(4) };
  const both = (s: Tensor, { a, b }: typeof two) => ({ state: s.mul(0.5).add(a).add(b) });
  expect(() => parallelScan(both, h, two)).toThrow(/scan-length/);
});
