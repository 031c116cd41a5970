/** What console.log shows of a tensor. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { arange, jit, ones, type Tensor, tensor } from "../../src/index.ts";

test("numbers short, rows below each other, long axes by their ends", () => {
  const shown = [
    tensor([1 / 3, Number.NaN, Number.POSITIVE_INFINITY, 1e20]),
    tensor([true, false], { name: "mask" }),
    tensor(2),
    ones([0]),
    arange(12).reshape([2, 2, 3]),
    { W: arange(200).reshape([10, 20]) },
  ].map((x) => inspect(x));
  expect(shown.join("\n")).toMatchInlineSnapshot(`
    "tensor float32 [4]: [0.333333, NaN, Infinity, 100000000000000000000]
    tensor mask bool [2]: [true, false]
    tensor float32 []: 2
    tensor float32 [0]: []
    tensor float32 [2, 2, 3]:
    [[[0, 1, 2],
      [3, 4, 5]],
     [[6, 7, 8],
      [9, 10, 11]]]
    {
      W: tensor float32 [10, 20]:
      [[0, 1, 2, …, 17, 18, 19],
       [20, 21, 22, …, 37, 38, 39],
       [40, 41, 42, …, 57, 58, 59],
       …,
       [140, 141, 142, …, 157, 158, 159],
       [160, 161, 162, …, 177, 178, 179],
       [180, 181, 182, …, 197, 198, 199]]
    }"
  `);
});

test("a traced tensor says so", () => {
  let shown = "";
  jit((x: Tensor) => {
    shown = inspect([x, x.mul(2)]);
    return x;
  })(tensor([1, 2], { name: "h" }));
  expect(shown).toBe("[ traced h [2], traced mul [2] ]");
});
