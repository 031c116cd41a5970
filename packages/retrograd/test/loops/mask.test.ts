/** Sequences of different lengths: each one computes what it computes alone, forward and reverse. */
import { expect, test } from "vitest";
import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { add, index, less, mul, slot, tanh, toFloat64 } from "../../src/scalar/index.ts";
import { close, run, trace } from "../../src/tensor/graph.ts";
import {
  fromFloat64,
  placeholder,
  type Tensor,
  type Type,
  tensor,
} from "../../src/tensor/tensor.ts";
import { grad } from "../../src/transform/api.ts";
import { batch } from "../../src/transform/batch.ts";
import { expectDerivatives, numbers } from "../derivatives.ts";
import { moment } from "./steps.ts";

const TIME = 5;
const BATCH = 3;
const LENGTHS = [5, 2, 0];
const float = (...shape: number[]): Type => ({ shape, dtype: "float64" });
const draw = numbers(4);
const numbersOf = (...shape: number[]): Tensor =>
  fromFloat64(draw(shape.reduce((a, b) => a * b, 1)), float(...shape));
const W = numbersOf(2, 2);
const h0 = numbersOf(BATCH, 2);
const x = numbersOf(TIME, BATCH, 2);
const lengths = tensor(LENGTHS, { dtype: "int32" });

/** h' = tanh(h W + x), of one sample or of many. */
const step = (h: Tensor, x: Tensor, W: Tensor) => {
  const b = h.rank === 2 ? "b" : "";
  const product = map(`${b}i,ij->${b}j`, mul(slot(0), slot(1)), [h, W]);
  const next = map(`${b}j,${b}j->${b}j`, tanh(add(slot(0), slot(1))), [product, x]);
  return { state: next, output: next };
};
const slices = (t: Tensor, from: number, size: number) =>
  fromFloat64(t.data.slice(from, from + size) as Float64Array, float(size));

test.each([false, true])(
  "each sequence computes what it computes alone (reverse: %s)",
  (reverse) => {
    const { state, outputs } = scan(step, h0, x, W, { lengths, reverse });
    LENGTHS.forEach((length, b) => {
      const alone = Float64Array.from(
        { length: length * 2 },
        (_, i) => x.data[Math.floor(i / 2) * BATCH * 2 + b * 2 + (i % 2)],
      );
      const own = scan(step, slices(h0, b * 2, 2), fromFloat64(alone, float(length, 2)), W, {
        reverse,
      });
      expect(state.toArray()[b]).toEqual(own.state.toArray());
      const shown = outputs.toArray().map((row: number[][]) => row[b]);
      expect(shown.slice(0, length)).toEqual(own.outputs.toArray());
      for (const row of shown.slice(length)) expect(row).toEqual([0, 0]);
    });
  },
);

test.each([false, true])("derivatives agree, and padding has none (reverse: %s)", (reverse) => {
  const graph = trace([h0, x, W], (h, x, W) => {
    const { state, outputs } = scan(step, h, x, W, { lengths, reverse });
    return [state, outputs];
  });
  expectDerivatives(graph, { order: 2 });
  const dx = grad((x: Tensor) =>
    map("bi->", slot(0), [scan(step, h0, x, W, { lengths, reverse }).state]),
  )(x);
  LENGTHS.forEach((length, b) => {
    for (let t = 0; t < TIME; t++)
      expect(
        moment(dx, t)
          .toArray()
          [b].some((d: number) => d !== 0),
      ).toBe(t < length);
  });
});

test("what is padded cannot reach the gradient, even when it is not a number", () => {
  const poisoned = fromFloat64(
    Float64Array.from(x.data, (v, i) => (Math.floor(i / 2) % BATCH === 1 && i >= 12 ? NaN : v)),
    x,
  );
  const dW = grad((W: Tensor) => {
    const { outputs } = scan(step, h0, poisoned, W, { lengths });
    return map("tbi->", slot(0), [outputs]);
  });
  expect(dW(W).data.every(Number.isFinite)).toBe(true);
});

test("a mask may have holes, and lengths may be traced", () => {
  const mask = map("tb,b->tb", less(mul(slot(0), slot(0)), toFloat64(slot(1))), [
    map("->tb", add(toFloat64(index("t")), -1), [], { sizes: { t: TIME, b: BATCH } }),
    lengths,
  ]);
  const { state } = scan(step, h0, x, W, { mask });
  expect(state.shape).toEqual([BATCH, 2]);
  const graph = trace([h0, x, { shape: [BATCH], dtype: "int32" }], (h, x, lengths) => [
    scan(step, h, x, W, { lengths }).state,
  ]);
  const args = [h0.data, x.data, Float64Array.from(LENGTHS)] as Float64Array[];
  expect(run(graph, args)[0]).toEqual(scan(step, h0, x, W, { lengths }).state.data);
});

test("a batch of masked scans, and a mask in a scan that is batched", () => {
  const graph = trace(
    [float(2), float(TIME, 2), { shape: [TIME], dtype: "bool" }],
    (h, x, mask) => {
      const { state, outputs } = scan(step, h, x, W, { mask });
      return [state, outputs];
    },
  );
  expect(close(graph).captured).toEqual([]);
  const all = batch(graph, [true, true, true], BATCH);
  expectDerivatives(all, { order: 1 });
});

test("messages", () => {
  const go = (options: object) => () => scan(step, h0, x, W, options);
  expect(
    go({ lengths: tensor([5, 6, 0], { dtype: "int32" }) }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: length 6 of sequence 1 is out of range; expected 0 to 5 steps.
      Keep the index within 0 to 5 steps.   (index-range)]
  `);
  expect(go({ lengths: [5, 1, 0] })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: given an array as lengths; expected an int32 tensor: tensor([2, 3], { dtype: "int32" }).
      Give an int32 tensor: tensor([2, 3], { dtype: "int32" }).   (bad-argument)]
  `);
  expect(go({ mask: [[true]] })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: given an array as mask; expected a bool tensor: tensor([[true], [false]]).
      Give a bool tensor: tensor([[true], [false]]).   (bad-argument)]
  `);
  expect(go({ lengths: tensor([5, 1, 0]) })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: given lengths [3]; expected int32 lengths.
      Convert it first: x.cast("int32"). Nothing is converted silently.   (dtype-mismatch)]
  `);
  expect(go({ lengths: tensor([5, 1], { dtype: "int32" }) })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan with a mask: given state "state" float64 [3, 2]; expected the leading axes of the mask, [2].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)]
  `);
  expect(go({ mask: placeholder(float(TIME)) })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: given mask float64 [5]; expected a bool mask.
      Convert it first: x.cast("bool"). Nothing is converted silently.   (dtype-mismatch)]
  `);
  expect(go({ mask: tensor([true, true]) })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: the input float64 [5, 3, 2] says 5 time steps, but input "mask" bool [2] says 2.
      The leading axis of every input is time: make them equally long, or pad and mask.   (scan-length)]
  `);
  expect(go({ mask: tensor([true]), lengths })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: given lengths and mask; expected one of the two.
      Give one of the two.   (bad-argument)]
  `);
});
