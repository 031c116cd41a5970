/** The LSTM with coupled gates and with normalised sums, against its equations. */
import { random } from "retrograd";
import { type Cell, gru, lstm, rnn } from "retrograd/cells";
import { countParameters, fromTorch, sequential, toTorch, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { describeCell } from "./describeCell.ts";
import {
  added,
  each,
  expectEquations,
  gateSums,
  type Matrix,
  type PlainStep,
  plus,
  sigma,
  sum,
} from "./plain.ts";

const size = 4;
const LAYER = 1e-5;
function normalised(sums: Matrix, scale: Matrix): Matrix {
  const all = sums.flat();
  const mean = sum(all) / all.length;
  const variance = sum(all.map((x) => (x - mean) ** 2)) / all.length;
  return sums.map((row, i) =>
    each((x, s) => ((x - mean) / Math.sqrt(variance + LAYER)) * s, row, scale[i]),
  );
}
const lstmStep: PlainStep = (p, { h, c }, x) => {
  let [fromX, fromH] = [gateSums(x, p.Wx), gateSums(h, p.Wh)];
  if (p.scale) [fromX, fromH] = [normalised(fromX, p.scale.x), normalised(fromH, p.scale.h)];
  const sums = added(added(fromX, fromH), p.b);
  const isCoupled = sums.length === 3;
  const [f, g, o] = isCoupled ? sums : sums.slice(1);
  const peep = (gate: number) =>
    p.peepholes?.[isCoupled ? gate - 1 : gate] ?? Array(c.length).fill(0);
  const keep = each((s, w, old) => sigma(s + w * old), f, peep(1), c);
  const take = isCoupled
    ? keep.map((k) => 1 - k)
    : each((s, w, old) => sigma(s + w * old), sums[0], peep(0), c);
  const nextC = each((k, old, t, s) => k * old + t * Math.tanh(s), keep, c, take, g);
  const seen = p.scale ? plus(normalised([nextC], [p.scale.c])[0], p.shift) : nextC;
  const nextH = each((s, w, now, y) => sigma(s + w * now) * Math.tanh(y), o, peep(2), nextC, seen);
  return { state: { h: nextH, c: nextC }, output: nextH };
};

const cells: Record<string, [Cell, PlainStep]> = {
  "lstm, coupled, with peepholes": [lstm({ size, coupled: true, peepholes: true }), lstmStep],
  "lstm, normalised": [lstm({ size, layerNorm: true }), lstmStep],
  "lstm, coupled and normalised": [lstm({ size, coupled: true, layerNorm: true }), lstmStep],
};
describe.each(Object.entries(cells))("%s", (name, [cell, step]) => {
  test("is its equations", () => {
    expectEquations(cell, step);
  });
  describeCell(name, cell);
});

test("what PyTorch does not have keeps its own names, there and back", () => {
  const unknown = [
    lstm({ size: 3, input: 2, coupled: true }),
    lstm({ size: 3, input: 2, layerNorm: true }),
    rnn({ size: 3, input: 2, recurrence: "diagonal" }),
  ];
  for (const cell of unknown) {
    const model = sequential(unroll(cell));
    const params = model.init(random.key(0));
    const named = toTorch(model, params);
    expect(Object.keys(named).some((name) => name.includes("weight_ih"))).toBe(false);
    expect(fromTorch(model, named)).toEqual(params);
  }
});

test("an LSTM has 4/3 of the parameters of a GRU with as many biases", () => {
  const count = (cell: Cell) =>
    countParameters(sequential(unroll(cell)).init(random.key(0), { input: 7 }));
  for (const biases of [0, 2] as const)
    expect(3 * count(lstm({ size: 5, biases }))).toBe(4 * count(gru({ size: 5, biases })));
});
