/** A gradient that vanishes ends in 0, never in the subnormal numbers that slow a machine down. */
import { grad, jit, scan, type Tensor, zeros } from "retrograd";
import { expect, test } from "vitest";

/** ∂(last state)/∂(each input) of h ← 0.5 h + x: 0.5^(steps that follow). */
function sensitivity(time: number, dtype: "float32" | "float64"): ArrayLike<number> {
  const last = (x: Tensor) =>
    scan(
      ({ h }: { h: Tensor }, x: Tensor) => ({ state: { h: h.mul(0.5).add(x) } }),
      {
        h: zeros([], { dtype }),
      },
      x,
    ).state.h;
  return jit(grad(last), { target: "wasm" })(zeros([time], { dtype })).data;
}

test.each([
  ["float32", 2 ** -110],
  ["float64", 2 ** -1000],
] as const)("%s: exact down to %d, then 0", (dtype, least) => {
  const time = 1200;
  const found = sensitivity(time, dtype);
  for (let t = 0; t < time; t++) {
    const exact = 0.5 ** (time - 1 - t);
    expect(found[t]).toBe(exact < least / 4 ? 0 : exact < least ? found[t] : exact);
  }
});
