/** Recurrences of a form: the matrix that they stand for, and what they cost. */
import { jit, zeros } from "retrograd";
import { type Cell, drawTree, type Recurrence, rnn, throughTime } from "retrograd/cells";
import { describe, expect, test } from "vitest";
import { key } from "../../../src/ops/random.ts";
import { describeCell } from "../describeCell.ts";
import {
  each,
  expectEquations,
  only,
  type PlainStep,
  parts,
  plus,
  product,
  refusal,
  tanh,
  times,
} from "../plain.ts";

const size = 4;
const cells: Record<string, [Cell, PlainStep]> = {
  "rnn, diagonal": [
    rnn({ size, recurrence: "diagonal" }),
    (p, { h }, x) =>
      only(
        tanh(
          plus(
            times(x, p.Wx),
            each((a, w) => a * w, h, p.Wh),
            p.b,
          ),
        ),
      ),
  ],
  "rnn, of low rank": [
    rnn({ size, recurrence: { rank: 2 } }),
    (p, { h }, x) => only(tanh(plus(times(x, p.Wx), times(h, product(p.Wh, p.Wr)), p.b))),
  ],
  "rnn, in blocks": [
    rnn({ size, recurrence: { blocks: 2 } }),
    (p, { h }, x) => {
      const [a, b] = parts(p.Wh);
      const fed = [...times(h.slice(0, 2), a), ...times(h.slice(2), b)];
      return only(tanh(plus(times(x, p.Wx), fed, p.b)));
    },
  ],
};
describe.each(Object.entries(cells))("%s", (name, [cell, step]) => {
  test("is its equations", () => {
    expectEquations(cell, step);
  });
  describeCell(name, cell);
});

test("a structured recurrence costs what its structure costs", () => {
  const [units, time] = [64, 100];
  /** Operations of one step and sample: of the whole, less those without a feedback. */
  const cost = (recurrence: Recurrence): number => {
    const cell = rnn({ size: units, recurrence });
    const params = drawTree<any>(cell.params([1]), key(1));
    const run = jit((p: any, x: any) => throughTime(cell, p, x, { h: zeros([1, units]) }).state);
    run(params, zeros([time, 1, 1]));
    const [, count, unit] = /([\d.]+) ([kMG]?)FLOP a call/.exec(run.explain())!;
    return (Number(count) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[unit]!) / time;
  };
  const diagonal = cost("diagonal");
  expect(cost("full") - diagonal).toBeGreaterThan(2 * units ** 2 * 0.95);
  expect(cost("full") - diagonal).toBeLessThan(2 * units ** 2 * 1.05);
  expect((cost({ rank: 4 }) - diagonal) / (4 * units * 4)).toBeCloseTo(1, 0);
  expect((cost({ blocks: 8 }) - diagonal) / ((2 * units ** 2) / 8)).toBeCloseTo(1, 0);
  expect(diagonal).toBeLessThan(units * 40);
});

test("what cannot be is refused", () => {
  const params = (cell: Cell) => refusal(() => cell.params([3]));
  expect([
    params(rnn({ size: 6, recurrence: { blocks: 4 } })),
    params(rnn({ size: 6, recurrence: { rank: 7 } })),
    params(rnn({ size: 6, recurrence: "low rank" as "full" })),
  ]).toMatchInlineSnapshot(`
    [
      "rnn: recurrence: blocks: given 4 for 6 units; expected a number that divides the size.
      Give a number that divides the size.   (bad-argument)",
      "rnn: recurrence: rank: given 7 for 6 units; expected a rank of at most the size.
      Give a rank of at most the size.   (bad-argument)",
      "rnn: recurrence: given "low rank"; expected "full", "diagonal", { rank: 8 } or { blocks: 4 }.
      Give "full", "diagonal", { rank: 8 } or { blocks: 4 }.   (bad-argument)",
    ]
  `);
});
