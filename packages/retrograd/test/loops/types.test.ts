/** The public names together, as a user writes them; checked by the type checker too. */
import { expect, test } from "vitest";
import { graph } from "../../src/graph/index.ts";
import { grad, jit, scan, type Tensor, tensor, valueAndGrad } from "../../src/index.ts";

interface Params {
  W: Tensor;
  b: Tensor;
}
const x = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const params: Params = {
  W: tensor([
    [0.1, 0.2],
    [0.3, 0.4],
  ]),
  b: tensor([0, 0.1]),
};
const loss = ({ W, b }: Params, x: Tensor): Tensor => {
  const { outputs } = scan(
    ({ h }, x) => {
      const next = h.dot(W).add(x).add(b).tanh();
      return { state: { h: next }, output: { h: next } };
    },
    { h: tensor([0, 0]) },
    x,
  );
  return outputs.h.square().sum();
};

test("a gradient through time, eager and compiled", () => {
  const [value, gradient] = valueAndGrad(loss)(params, x);
  const compiled = jit(grad(loss), { target: "reference" })(params, x);
  expect(value.item()).toBeCloseTo(loss(params, x).item(), 5);
  expect(compiled.W.toArray()).toEqual(gradient.W.toArray());
  expect(compiled.b.shape).toEqual([2]);
  expect(graph(loss, params, x).text()).toContain("scan");
});
