/** Losses against an outside engine and sums written out by hand; masks let nothing through. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  gaussian,
  huber,
  type Loss,
  mae,
  mse,
  quantile,
} from "../../src/train/index.ts";
import { grad } from "../../src/transform/derivatives.ts";
import { numbers } from "./models.ts";

const float64 = { dtype: "float64" } as const;
const row = (...values: number[]) => tensor([values], float64);
const value = (loss: Loss, o: Tensor, t: Tensor, mask?: Tensor) => loss.evaluate(o, t, mask).item();

test("cross-entropy: value and gradient of HIPS/autograd", () => {
  const file = new URL("../oracles/autograd/recurrent.json", import.meta.url);
  const { softmax_ce: vector } = JSON.parse(readFileSync(file, "utf8"));
  const labels = tensor(Int32Array.from(vector.targets));
  const logits = tensor(vector.args.Z, float64);
  expect(value(crossEntropy(), logits, labels)).toBeCloseTo(vector.loss, 14);
  const g = grad((z: Tensor) => crossEntropy().evaluate(z, labels))(logits);
  const want = (vector.grads.Z as number[][]).flat();
  want.forEach((x, i) => expect(g.data[i]).toBeCloseTo(x, 14));
});

describe("cross-entropy by hand", () => {
  const logits = tensor(
    [
      [
        [1, 2, 3],
        [0, -1, 4],
      ],
    ],
    float64,
  );
  const surprise = (z: number[], q: number[]) => {
    const mass = Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0));
    return z.reduce((sum, x, k) => sum + q[k] * (mass - x), 0);
  };
  const labels = (...values: number[]) => tensor(Int32Array.from(values), { shape: [1, 2] });

  test("smoothing spreads a share over all classes", () => {
    const q = (label: number) => [0, 1, 2].map((k) => 0.1 / 3 + (k === label ? 0.9 : 0));
    const want = (surprise([1, 2, 3], q(2)) + surprise([0, -1, 4], q(0))) / 2;
    expect(value(crossEntropy({ labelSmoothing: 0.1 }), logits, labels(2, 0))).toBeCloseTo(
      want,
      14,
    );
  });
  test("an ignored label counts for nothing", () => {
    const want = surprise([1, 2, 3], [0, 0, 1]);
    expect(value(crossEntropy({ ignore: -1 }), logits, labels(2, -1))).toBeCloseTo(want, 14);
  });
  test("a mask weighs positions, and joins an ignored label", () => {
    const [first, second] = [surprise([1, 2, 3], [0, 1, 0]), surprise([0, -1, 4], [0, 0, 1])];
    const mask = tensor([[3, 1]], float64);
    const want = (3 * first + second) / 4;
    expect(value(crossEntropy(), logits, labels(1, 2), mask)).toBeCloseTo(want, 14);
    expect(value(crossEntropy({ ignore: 2 }), logits, labels(1, 2), mask)).toBeCloseTo(first, 14);
    const rows = tensor([true]);
    expect(value(crossEntropy(), logits, labels(1, 2), rows)).toBeCloseTo((first + second) / 2, 14);
  });
  test("what no sum would show has no gradient, not one too small for a normal number", () => {
    const far = tensor([[0, -63, -65, -100]]);
    const g = grad((z: Tensor) => crossEntropy().evaluate(z, tensor(Int32Array.of(1))))(far);
    expect(g.toArray()).toEqual([[1, -1, 0, 0]]);
    const near = grad((z: Tensor) => crossEntropy().evaluate(z, tensor(Int32Array.of(0))))(far);
    expect(near.data[1] / Math.exp(-63)).toBeCloseTo(1, 5);
    expect([...near.data.slice(2)]).toEqual([0, 0]);
  });
  test("logits of any size stay finite", () => {
    const far = tensor(
      [
        [
          [1e4, 0, -1e4],
          [-1e4, -1e4, -1e4],
        ],
      ],
      float64,
    );
    expect(value(crossEntropy(), far, labels(2, 0))).toBeCloseTo((2e4 + Math.log(3)) / 2, 9);
  });
});

describe("losses of numbers, by hand", () => {
  const o = row(0.5, -2, 3);
  const t = row(1, 1, 2.5);
  test.each([
    [mse(), (0.25 + 9 + 0.25) / 3],
    [mae(), (0.5 + 3 + 0.5) / 3],
    [huber(), (0.125 + 2.5 + 0.125) / 3],
    [huber({ delta: 2 }), (0.125 + 2 * (3 - 1) + 0.125) / 3],
  ])("$name", (loss, want) => expect(value(loss, o, t)).toBeCloseTo(want, 14));

  test("binary cross-entropy is finite at both ends", () => {
    const z = row(0.3, -1000, 1000, 1000);
    const want = (Math.log1p(Math.exp(0.3)) - 0.3 * 0.25 + 0 + 0 + 1000) / 4;
    expect(value(binaryCrossEntropy(), z, row(0.25, 0, 1, 0))).toBeCloseTo(want, 12);
    const g = grad((x: Tensor) => binaryCrossEntropy().evaluate(x, row(0.25, 0, 1, 0)))(z);
    expect(Array.from(g.data)).toEqual([
      expect.closeTo((1 / (1 + Math.exp(-0.3)) - 0.25) / 4, 14),
      ...[0, 0, 0.25],
    ]);
  });
  test("gaussian: means first, then scales", () => {
    const output = row(1, 2, -0.5, 0.7);
    const target = row(1.5, -1);
    const [v, w] = [-0.5, 0.7];
    const want = (0.5 * (v + 0.25 / Math.exp(v)) + 0.5 * (w + 9 / Math.exp(w))) / 2;
    expect(value(gaussian(), output, target)).toBeCloseTo(want, 14);
    const [a, b] = [v, w].map((x) => Math.log1p(Math.exp(x)) + 1e-6);
    const soft = (Math.log(a) + 0.125 / a ** 2 + Math.log(b) + 4.5 / b ** 2) / 2;
    expect(value(gaussian({ scale: "softplus" }), output, target)).toBeCloseTo(soft, 12);
    expect(gaussian().outputSize(3)).toBe(6);
  });
  test("quantile: one output for each level of each target", () => {
    const loss = quantile({ levels: [0.1, 0.9] });
    const want = (0.1 * 2 + 0.1 * 1 + 0.9 * 1 + 0.9 * 3) / 4;
    expect(value(loss, row(1, 4, 2, -2), row(3, 1))).toBeCloseTo(want, 14);
    expect(loss.outputSize(3)).toBe(6);
  });
  test("a quantile's best guess is the quantile", () => {
    const series = numbers(99).map((x) => x ** 3);
    const loss = quantile({ levels: [0.8] });
    const target = tensor(series, { shape: [99, 1] });
    const slope = (guess: number) => {
      const guesses = tensor(new Float64Array(99).fill(guess), { shape: [99, 1] });
      const g = grad((o: Tensor) => loss.evaluate(o, target))(guesses);
      return Array.from(g.data).reduce((a, b) => a + b, 0);
    };
    const sorted = [...series].sort((a, b) => a - b);
    expect(slope(sorted[78])).toBeLessThan(0);
    expect(slope(sorted[81])).toBeGreaterThan(0);
  });
});

describe("masks", () => {
  const cases: [Loss, number[]][] = [
    [mse(), [0.4, 1.1]],
    [mae(), [0.4, 1.1]],
    [huber(), [0.4, 1.1]],
    [binaryCrossEntropy(), [0.4, 1.1]],
    [gaussian(), [0.4, 1.1, 0.2, 0.3]],
    [quantile({ levels: [0.2, 0.7] }), [0.4, 1.1, 0.2, 0.3]],
  ];
  test.each(cases)("$name: what is masked is not touched, whatever it is", (loss, numbers) => {
    const output = tensor([numbers, numbers.map(() => Number.NaN)], float64);
    const target = tensor(
      [
        [0.1, 0.9],
        [Number.NaN, Infinity],
      ],
      float64,
    );
    const mask = tensor([true, false]);
    const alone = value(loss, tensor([numbers], float64), row(0.1, 0.9));
    expect(value(loss, output, target, mask)).toBeCloseTo(alone, 14);
    const g = grad((o: Tensor) => loss.evaluate(o, target, mask))(output);
    expect(g.data.every(Number.isFinite)).toBe(true);
    expect([...g.data.slice(numbers.length)]).toEqual(numbers.map(() => 0));
  });
  test("a missing target is masked number by number", () => {
    const target = row(1, Number.NaN, 3);
    expect(value(mse(), row(2, 2, 2), target, row(1, 0, 1))).toBe(1);
  });
  test("nothing counts: the loss is 0, and so is its gradient", () => {
    const none = tensor([0], float64);
    expect(value(mse(), row(1), row(2), none)).toBe(0);
    expect(grad((o: Tensor) => mse().evaluate(o, row(2), none))(row(1)).item()).toBe(0);
  });
  test("a target may lack an axis of one", () => {
    expect(value(mse(), tensor([[1], [2]], float64), tensor([1, 4], float64))).toBe(2);
  });
});

describe("messages", () => {
  const said = (f: () => unknown) => {
    try {
      f();
      return "nothing";
    } catch (error) {
      return (error as Error).message;
    }
  };
  test.each([
    () => mse().evaluate(row(1, 2), row(1, 2, 3)),
    () => mse().evaluate(row(1, 2), row(1, 2), tensor([1, 1, 1])),
    () => crossEntropy().evaluate(row(1, 2), row(1, 2)),
    () => crossEntropy({ labelSmoothing: 1 }),
    () => huber({ delta: 0 }),
    () => gaussian({ scale: "sigma" as never }),
    () => gaussian().evaluate(row(1, 2), row(1, 2)),
    () => quantile({ levels: [0.5, 1] }),
    () => quantile({ levels: [0.5] }).evaluate(row(1, 2), row(1)),
  ])("%s", (f) => expect(said(f)).toMatchSnapshot());
});
