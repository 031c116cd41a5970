/** where: what is not chosen reaches neither the value nor, as far as mathematics goes, the gradient. */
import { grad, jit, map, scalar, type Tensor, tensor, where } from "retrograd";
import { expect, test } from "vitest";

const { greater, select, slot, sqrt } = scalar;
const both = [
  ["at once", (f: (x: Tensor) => Tensor) => grad(f)],
  ["compiled", (f: (x: Tensor) => Tensor) => jit(grad(f))],
] as const;

test.each(both)(
  "%s: a choice: what is not chosen gets the cotangent 0, which meets its own derivative",
  (_, gradient) => {
    const x = tensor([-1, 0, 4]);
    // √ has no finite derivative at 0, and 0 · ∞ is NaN: as in JAX and PyTorch, and as documented.
    const once = (x: Tensor) => where(x.greater(0), x.sqrt(), 0).sum();
    expect(gradient(once)(x).toArray()).toEqual([Number.NaN, Number.NaN, 0.25]);
    // The cure is a harmless argument for what is not chosen.
    const safe = (x: Tensor) => where(x.greater(0), where(x.greater(0), x, 1).sqrt(), 0).sum();
    expect(gradient(safe)(x).toArray()).toEqual([0, 0, 0.25]);
    // Within one map the choice is made among derivatives, so nothing is multiplied.
    const one = (x: Tensor) =>
      map("i->i", select(greater(slot(0), 0), sqrt(slot(0)), 0), [x]).sum();
    expect(gradient(one)(x).toArray()).toEqual([0, 0, 0.25]);
  },
);
