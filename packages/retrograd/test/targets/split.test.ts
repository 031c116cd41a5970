/** Bodies that come apart into products, and elementwise maps that are written into sums. */
import { jit, map, random, scalar, type Tensor } from "retrograd";
import { expect, test } from "vitest";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { expectSame, floats } from "./targets.ts";

const { slot, add, sub, mul, neg, fma, index, toFloat32 } = scalar;
const [a, b, c, d] = [0, 1, 2, 3].map(slot);
const SIZES: Record<string, number> = { m: 9, n: 7, k: 5 };
const graphOf = (operands: string[], f: (...xs: Tensor[]) => Tensor): Graph =>
  trace(
    operands.map((letters) => ({ shape: [...letters].map((l) => SIZES[l]), dtype: "float64" })),
    (...xs) => [f(...xs)],
  );

const bodies = {
  "two products": add(mul(a, b), mul(c, d)),
  "one subtracted": sub(mul(a, b), mul(c, d)),
  "all subtracted": sub(neg(mul(a, b)), mul(c, d)),
  "a term that lacks letters": add(mul(a, b), c),
  "a number at each": sub(mul(a, b), 0.5),
  "fused multiply-adds": fma(a, b, fma(c, d, a)),
};
test.each(Object.entries(bodies))("a sum of %s", (_, body) => {
  for (const dtype of floats) {
    const operands = ["mk", "kn", "mk", "kn"];
    expectSame(
      graphOf(operands, (...xs) => map(`${operands}->mn`, body, xs)),
      { dtype },
    );
  }
});

test("a sum over a letter that no operand has counts it", () => {
  expectSame(graphOf(["m"], (x) => map("m->m", a, [x], { sizes: { k: 5 } })));
});

const sums: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  "squares of differences": (x, y) => x.sub(y).square().sum(1),
  "along the first axis": (x, y) => x.sub(y).tanh().sum(0),
  "a maximum": (x, y) => x.mul(y).max(1),
  "transposed on the way": (x, y) => x.transpose().mul(2).sub(y.transpose()).sum(0),
  "the same operand twice": (x) => x.tanh().mul(x.tanh()).sum(1),
  "read by others too": (x, y) => x.sub(y).tanh().sum(1, { keepDims: true }).add(x.sub(y).tanh()),
  "what knows its place": (x) =>
    map("mn->m", mul(a, 3), [map("mn->mn", mul(toFloat32(index("n")), a), [x.cast("float32")])]),
};
test.each(Object.entries(sums))("written into a sum: %s", (_, f) => {
  for (const dtype of floats) expectSame(graphOf(["mn", "mn"], f), { dtype });
});

test("explain says what was split and fused", () => {
  const x = random.normal(random.key(0), [9, 5]);
  const w = random.normal(random.key(1), [5, 7]);
  const f = jit(
    (x: Tensor, w: Tensor) =>
      map("mk,kn->mn", sub(mul(a, b), a), [x, w])
        .sub(1)
        .square()
        .sum(),
    { target: "wasm" },
  );
  f(x, w);
  expect(f.explain()).toContain("split map into 2 sums");
  expect(f.explain()).toContain("fused add, sub, square into sum");
});
