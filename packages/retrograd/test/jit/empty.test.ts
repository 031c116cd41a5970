/** Axes without elements and loops without turns: compiled as they are when called at once. */
import { expect, test } from "vitest";
import { gru } from "../../src/cells/index.ts";
import { grad, jit, map, ones, random, scan, type Tensor, tensor, zeros } from "../../src/index.ts";
import { sequential, unroll } from "../../src/layers/index.ts";
import { mul, slot } from "../../src/scalar/index.ts";
import { trace } from "../../src/tensor/graph.ts";
import { flatten } from "../../src/tensor/tree.ts";
import { expectCompiled } from "../compile/compiled.ts";

interface State {
  h: Tensor;
}
const smooth = (x: Tensor) =>
  scan(
    ({ h }: State, x: Tensor) => ({ state: { h: h.mul(0.5).add(x) }, output: h }),
    { h: ones([]) },
    x,
  );

test("products of nothing are zeros, whatever lay there before", () => {
  const float = (...shape: number[]) => ({ shape, dtype: "float64" }) as const;
  expectCompiled(
    trace([float(8, 0), float(0, 32), float(8, 32)], (a, b, c) => {
      const nothing = a.matmul(b);
      return [nothing, nothing.add(c), nothing.add(c).add(c.transpose().reshape([8, 32]))];
    }),
  );
  expectCompiled(
    trace([float(2, 0, 8, 3), float(2, 0, 3, 9)], (a, b) => [
      map("abij,abjk->ik", mul(slot(0), slot(1)), [a, b]),
    ]),
  );
});

for (const target of ["wasm", "reference"] as const) {
  test(`${target}: a scan of no steps`, () => {
    const { state, outputs } = jit(smooth, { target })(ones([0]));
    expect(state.h.item()).toBe(1);
    expect(outputs.shape).toEqual([0]);
    const total = (x: Tensor): Tensor => smooth(x).outputs.sum();
    expect(jit(total, { target })(ones([0])).item()).toBe(0);
    expect(jit(grad(total), { target })(ones([0])).shape).toEqual([0]);
  });

  test(`${target}: a model without samples, or without moments`, () => {
    const model = sequential(unroll(gru({ size: 3, input: 2 })));
    const params = model.init(random.key(1));
    for (const shape of [
      [0, 3, 2],
      [2, 0, 2],
    ]) {
      const y = jit((x: Tensor) => model.apply(params, x), { target })(zeros(shape));
      expect(y.shape).toEqual([shape[0], shape[1], 3]);
      const slope = grad((p: typeof params, x: Tensor) => model.apply(p, x).sum());
      const compiled = jit(slope, { target });
      for (const t of flatten(compiled(params, zeros(shape))))
        expect(t.data.every((x) => x === 0)).toBe(true);
      expect(compiled.explain()).not.toContain("NaN");
    }
  });

  test(`${target}: sums of nothing are +0, sums of −0 are −0`, () => {
    const sum = jit((x: Tensor) => x.sum(), { target });
    expect(sum(zeros([0])).item()).toBe(0);
    expect(sum(tensor([-0])).item()).toBe(tensor([-0]).sum().item());
    const product = jit((a: Tensor, b: Tensor) => a.matmul(b), { target });
    expect(product(zeros([8, 0]), zeros([0, 32])).toArray()).toEqual(zeros([8, 32]).toArray());
  });
}
