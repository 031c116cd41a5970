/** A machine whose gradient is known: each idle moment multiplies it by λ. */
import fc from "fast-check";
import { jvp, type Tensor, tensor } from "retrograd";
import { type Cell, newton, throughTime } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { gradientThrough, machine, moments } from "../../../../examples/papers/stack-machine.ts";
import { grad } from "../../src/transform/derivatives.ts";

const float64 = { dtype: "float64" } as const;
const DEPTH = 4;

test("it is a stack: what is popped is what a list gives", () => {
  const action = fc.oneof(
    fc.double({ min: -2, max: 2, noNaN: true }),
    fc.constantFrom("pop" as const, "nothing" as const),
  );
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 20 }), (wanted) => {
      const stack: number[] = [];
      const tops: number[] = [];
      const done = wanted.map((what) => {
        const possible = typeof what === "number" ? stack.length < DEPTH : true;
        tops.push(stack.at(-1) ?? 0);
        if (!possible) return "nothing" as const;
        if (typeof what === "number") stack.push(what);
        if (what === "pop") stack.pop();
        return what;
      });
      const model = sequential(unroll(machine({ size: DEPTH })));
      const said = model.apply([{}], tensor([moments(done)], float64));
      said.data.forEach((x, t) => expect(x).toBeCloseTo(tops[t], 12));
    }),
    { numRuns: 12 },
  );
});

test("n idle moments multiply the gradient by λⁿ", () => {
  for (const lambda of [1, 0.9, 1.1])
    for (const n of [0, 3, 40])
      expect(gradientThrough(n, lambda, DEPTH) / lambda ** n).toBeCloseTo(1, 12);
});

test.each([
  ["step by step", (cell: Cell) => cell],
  ["by rounds", (cell: Cell) => newton(cell)],
  ["by rounds with diagonals", (cell: Cell) => newton(cell, { method: "quasi-deer" })],
])("so do a push and a pop between, forwards and backwards: %s", (_, run) => {
  const lambda = 0.8;
  const done = moments([1, "nothing", "nothing", -3, "nothing", "pop", "nothing", "pop"]);
  const cell = run(machine({ size: DEPTH, lambda }));
  const last = (x: Tensor) => {
    const state = { h: tensor([[0, 0, 0, 0]], float64) };
    const series = x.reshape([done.length, 1, 4]);
    const { outputs } = throughTime(cell, {}, series, state);
    return outputs.slice(done.length - 1).sum();
  };
  const x = tensor(done, float64);
  const value = 3; // the place of the number in a moment
  // Four idle moments lie between the first push and the last pop.
  expect(grad(last)(x).data[value]).toBeCloseTo(lambda ** 4, 12);
  const direction = new Float64Array(x.size);
  direction[value] = 1;
  const along = tensor(direction, { shape: x.shape, ...float64 });
  expect(jvp(last, [x], [along])[1].item()).toBeCloseTo(lambda ** 4, 12);
});
