/** What is no cell, and input that a cell does not read. */
import { zeros } from "retrograd";
import {
  bidirectional,
  block,
  type Cell,
  cell,
  dilated,
  equilibrium,
  gru,
  lstm,
  newton,
  residual,
  rnn,
  stack,
  zoneout,
} from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { key } from "../../src/ops/random.ts";
import { refusal } from "./plain.ts";

const makers: Record<string, (given: any) => unknown> = {
  bidirectional,
  "bidirectional, backward": (given) => bidirectional(rnn({ size: 2 }), { backward: given }),
  block,
  dilated: (given) => dilated(given, 2),
  equilibrium,
  newton,
  residual,
  stack: (given) => stack(rnn({ size: 2 }), given, rnn({ size: 2 })),
  unroll,
  zoneout: (given) => zoneout(given, 0.1),
};
test.each(Object.entries(makers))("%s refuses what is no cell", (_, make) => {
  for (const given of [gru, dense(3), unroll(gru({ size: 2 })), [gru({ size: 2 })], null])
    expect(refusal(() => make(given))).toMatch(/expected (a cell|cells).*\(bad-argument\)$/s);
});

test("the last of a stack is told from its options", () => {
  const one = gru({ size: 2 });
  expect([
    refusal(() => stack(one, unroll(one) as never)),
    refusal(() => stack([one, one] as never)),
    refusal(() => stack({ dropout: 0.1 })),
    refusal(() => stack(gru as never)),
  ]).toMatchInlineSnapshot(`
    [
      "stack: given unroll(gru); expected cells, and options after them: stack(gru({ size: 8 }), …).
      Give cells, and options after them: stack(gru({ size: 8 }), …).   (bad-argument)",
      "stack: given an array; expected cells, and options after them: stack(gru({ size: 8 }), …).
      Give cells, and options after them: stack(gru({ size: 8 }), …).   (bad-argument)",
      "stack: given no cells; expected at least one cell.
      Give at least one cell.   (bad-argument)",
      "stack: given a function; expected cells, and options after them: stack(gru({ size: 8 }), …).
      Give cells, and options after them: stack(gru({ size: 8 }), …).   (bad-argument)",
    ]
  `);
});

test("a cell reads vectors, unless it says how many axes a moment has", () => {
  const grid = cell({
    name: "grid",
    axes: 2,
    params: () => ({}),
    state: ({ inputShape }) => ({ h: inputShape }),
    step: ({ h }, x) => ({ state: { h: h.add(x) }, output: h.add(x) }),
  });
  const run = (one: Cell, shape: readonly number[]) => {
    const model = sequential(unroll(one));
    const x = zeros([2, 5, ...shape]);
    return model.apply(model.init(key(0), { input: x.shape.slice(2) }), x).shape;
  };
  expect(run(grid({ size: 1 }), [3, 4])).toEqual([2, 5, 3, 4]);
  expect([
    refusal(() => run(lstm({ size: 4 }), [3, 4])),
    refusal(() => run(grid({ size: 1 }), [4])),
  ]).toMatchInlineSnapshot(`
    [
      "cell "lstm": given moments of the shape [3, 4]; expected vectors, such as by reshaping the input to [batch, time, 12]; where the cell is yours, it may declare axes: 2.
      Give vectors, such as by reshaping the input to [batch, time, 12]; where the cell is yours, it may declare axes: 2.
      in layer 0 of sequential   (bad-argument)",
      "cell "grid": given moments of the shape [4]; expected moments of 2 axes.
      Give moments of 2 axes.
      in layer 0 of sequential   (bad-argument)",
    ]
  `);
});
