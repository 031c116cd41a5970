/** Stacks with a way past their cells, against the equations; dropout between them. */
import { tensor } from "retrograd";
import { dilated, drawTree, gru, lru, rnn, stack, startOf, throughTime } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { key, uniform } from "../../src/ops/random.ts";
import { describeCell } from "./describeCell.ts";
import { expectEquations, plus, refusal, tanh, times } from "./plain.ts";

const size = 4;
const elman = ({ Wx, Wh, b }: any, h: number[], x: number[]) =>
  tanh(plus(times(x, Wx), times(h, Wh), b));

test("a residual stack is its equations: the first cell is heard as it is", () => {
  const cell = stack(rnn({ size }), rnn({ size }), rnn({ size }), { residual: true });
  expectEquations(cell, (params, state, x) => {
    let output = x;
    const next = [0, 1, 2].map((k) => {
      const h = elman(params[k], state[k].h, output);
      output = k === 0 ? h : plus(output, h);
      return { h };
    });
    return { state: next, output };
  });
});

describeCell("residual stack", stack(gru({ size }), gru({ size }), { residual: true }));
describeCell(
  "residual stack of linear recurrences",
  stack(lru({ size }), dilated(rnn({ size }), 2), { residual: true }),
);

test("the way past a cell is not dropped", () => {
  const cell = stack(rnn({ size }), lru({ size }), { residual: true, dropout: 0.5 });
  const params = drawTree<any>(cell.params([2]), key(1), "float64");
  const f64 = { dtype: "float64" } as const;
  const xs = uniform(key(2), [5, 1, 2], f64);
  const first = startOf(cell, params, [2], 1, "float64");
  const noise = {
    cells: [{}, {}],
    between: { 0: tensor(new Float64Array(5 * size), { shape: [5, 1, size] }) }, // drops them all
  };
  const below = rnn({ size });
  const { outputs: said } = throughTime(below, params[0], xs, first[0]);
  for (const evaluation of ["sequential", "parallel"] as const) {
    const { outputs } = throughTime<any, any>(cell, params, xs, first, { noise, evaluation });
    // The upper cell hears zeros, and its state stays 0.
    expect(outputs.sub(said).abs().max().item()).toBe(0);
  }
});

test("what cannot be added is refused", () => {
  const model = sequential(
    unroll(stack(gru({ size: 4 }), gru({ size: 3 }), { residual: true })),
    dense(1),
  );
  expect([
    refusal(() => model.init(key(0), { input: 2 })),
    refusal(() => stack(gru({ size: 2 }), { residual: 1 as never })),
    refusal(() => stack(gru({ size: 2 }), { residuals: true } as never)),
  ]).toMatchInlineSnapshot(`
    [
      "stack: residual: given the cell gru, which hears [4] and says [3]; expected outputs of one shape, such as by cells of one size.
      Give outputs of one shape, such as by cells of one size.
      in layer 0 of sequential   (bad-argument)",
      "stack: residual: given 1; expected true or false.
      Give true or false.   (bad-argument)",
      "stack: "residuals" is not known.
      Use one of: dropout, residual.   (unknown-option)",
    ]
  `);
});
