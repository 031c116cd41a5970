/** What tests of values compare: arrays of several tensors, and numbers within some digits. */
import { type Tensor, tensor } from "retrograd";
import { expect } from "vitest";

export const m = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
export const ints = (...x: number[]) => tensor(x, { dtype: "int32" });
export const arrays = (...ts: Tensor[]) => ts.map((t) => t.toArray());
export const close = (t: Tensor, want: number[], digits = 6) => {
  expect(t.size).toBe(want.length);
  want.forEach((w, i) => {
    expect(t.data[i]).toBeCloseTo(w, digits);
  });
};
