/** Metrics by hand, masked and not. */
import { expect, test } from "vitest";
import { tensor } from "../../src/tensor/tensor.ts";
import { metrics } from "../../src/train/index.ts";

const logits = tensor(
  [
    [
      [1, 3, 2],
      [5, 0, 5],
      [0, 0, 1],
    ],
  ],
  { dtype: "float64" },
);
const labels = (...values: number[]) => tensor(Int32Array.from(values), { shape: [1, 3] });

test("accuracy: a tie goes to the first class", () => {
  const accuracy = metrics.accuracy();
  expect(accuracy.evaluate(logits, labels(1, 0, 0))).toBeCloseTo(2 / 3, 6);
  expect(accuracy.evaluate(logits, labels(1, 2, 2))).toBeCloseTo(2 / 3, 6);
  expect(accuracy.evaluate(logits, labels(1, 2, 2), tensor([[true, false, true]]))).toBe(1);
  expect(metrics.accuracy({ ignore: 9 }).evaluate(logits, labels(9, 2, 2))).toBe(0.5);
});
test("bits per character and perplexity of even odds", () => {
  const even = tensor(new Float64Array(8), { shape: [1, 2, 4] });
  const target = tensor(Int32Array.of(1, 3), { shape: [1, 2] });
  expect(metrics.bitsPerCharacter().evaluate(even, target)).toBeCloseTo(2, 12);
  expect(metrics.perplexity().evaluate(even, target)).toBeCloseTo(4, 12);
});
test("errors in the user's units", () => {
  const output = tensor([[1, 2, 3]], { dtype: "float64" });
  const target = tensor([[2, 2, Number.NaN]], { dtype: "float64" });
  const mask = tensor([[true, true, false]]);
  expect(metrics.rmse({ scale: 10 }).evaluate(output, target, mask)).toBeCloseTo(10 * Math.SQRT1_2);
  expect(metrics.mae({ scale: 10 }).evaluate(output, target, mask)).toBeCloseTo(5);
  expect(metrics.mase({ naive: 2 }).evaluate(output, target, mask)).toBeCloseTo(0.25);
});
test("the naive error leaves missing numbers out", () => {
  expect(metrics.naiveError([1, 3, 2, Number.NaN, 5])).toBe(1.5);
  expect(metrics.naiveError([1, 2, 4, 5, 9, 9], 2)).toBe((3 + 3 + 5 + 4) / 4);
  expect(() => metrics.mase({ naive: 0 })).toThrowErrorMatchingSnapshot();
});
