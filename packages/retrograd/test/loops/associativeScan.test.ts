/** associativeScan: the totals of a scan, in log₂ T levels, for every length. */
import { expect, test } from "vitest";
import { associativeScan } from "../../src/loops/associativeScan.ts";
import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { add, mul, slot } from "../../src/scalar/index.ts";
import { run, topological, trace } from "../../src/tensor/graph.ts";
import { placeholder, type Tensor, type Type, tensor } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/api.ts";
import { expectDerivatives, numbers } from "../derivatives.ts";

const float = (...shape: number[]): Type => ({ shape, dtype: "float64" });
/** x ↦ a x + b, applied one after another: the heart of linear recurrences. */
interface Affine {
  a: Tensor;
  b: Tensor;
}
const compose = (first: Affine, then: Affine): Affine => ({
  a: map("i,i->i", mul(slot(0), slot(1)), [first.a, then.a]),
  b: map("i,i,i->i", add(mul(slot(0), slot(1)), slot(2)), [then.a, first.b, then.b]),
});
const both = (time: number, reverse: boolean) =>
  trace([float(time, 2), float(time, 2)], (a, b) => {
    const fast = associativeScan(compose, { a, b }, { reverse });
    return [fast.a, fast.b];
  });
const slow = (time: number, reverse: boolean) =>
  trace([float(time, 2), float(time, 2)], (a, b) => {
    const one = tensor([1, 1], { dtype: "float64" });
    const none = tensor([0, 0], { dtype: "float64" });
    const step = (total: Affine, x: Affine) => {
      const next = compose(total, x);
      return { state: next, output: next };
    };
    const { outputs } = scan(step, { a: one, b: none }, { a, b }, undefined, { reverse });
    return [outputs.a, outputs.b];
  });

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17])("equals a scan of %i steps", (time) => {
  for (const reverse of [false, true]) {
    const draw = numbers(time + 1);
    const args = [draw(2 * time), draw(2 * time)];
    const want = run(slow(time, reverse), args);
    run(both(time, reverse), args).forEach((y, k) => {
      expect(y.length).toBe(want[k].length);
      y.forEach((v, i) => expect(v).toBeCloseTo(want[k][i], 13));
    });
  }
});

test("derivatives agree, at first and second order", () => {
  for (const time of [1, 4, 7]) expectDerivatives(both(time, time === 4), { order: 2 });
});

test("what does not commute keeps its order", () => {
  const product = (a: Tensor, b: Tensor) => map("ij,jk->ik", mul(slot(0), slot(1)), [a, b]);
  const draw = numbers(9);
  const M = tensor(draw(5 * 4), { shape: [5, 2, 2] });
  const got = associativeScan(product, M).toArray();
  let total = tensor(M.toArray()[0], { dtype: "float64" });
  for (let t = 1; t < 5; t++) {
    total = product(total, tensor(M.toArray()[t], { dtype: "float64" }));
    got[t].flat().forEach((v: number, i: number) => expect(v).toBeCloseTo(total.data[i], 14));
  }
});

test("levels, not steps: the graph grows with the logarithm of time", () => {
  const size = (time: number) => topological(both(time, false).outputs).length;
  expect(size(1024) - size(512)).toBe(size(64) - size(32));
});

test("combine may capture; a batch runs each sample alone", () => {
  const decay = tensor(0.5, { dtype: "float64" });
  const sums = (x: Tensor) =>
    associativeScan(
      (a: Tensor, b: Tensor) =>
        map(",,->", add(slot(0), mul(slot(2), slot(1))), [
          a,
          b,
          map("->", mul(slot(0), 2), [decay]),
        ]),
      x,
    );
  const x = tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { dtype: "float64" },
  );
  expect(batch(sums)(x).toArray()).toEqual([
    [1, 3, 6],
    [4, 9, 15],
  ]);
  const captured = trace([float(3), float()], (x, d) => [
    associativeScan(
      (a: Tensor, b: Tensor) => map(",,->", add(slot(0), mul(slot(2), slot(1))), [a, b, d]),
      x,
    ),
  ]);
  expectDerivatives(captured, { order: 2 });
});

test("messages", () => {
  const [x, y] = [placeholder(float(4, 2), "x"), placeholder(float(3, 2), "y")];
  expect(() => associativeScan((a, _b) => a, { x, y })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: scan: element "x" float64 [4, 2] says 4 time steps, but element "y" float64 [3, 2] says 3.
      The leading axis of every input is time: make them equally long, or pad and mask.   (scan-length)]
  `);
  expect(() => associativeScan((a) => a, number())).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: associativeScan: given element "element" float64 []; expected a leading axis of time.
      Reshape the tensor, or index the missing axes.   (rank-mismatch)]
  `);
  expect(() =>
    associativeScan((a: Tensor, _b) => map("i->", slot(0), [a]), x),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: associativeScan: state "element" enters the step as float64 [2] and leaves it as float64 [].
      A state must keep its shape and dtype from one step to the next.   (state-shape)]
  `);
});
const number = () => placeholder(float(), "x");
