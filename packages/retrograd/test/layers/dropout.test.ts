/** Dropout and zoneout: rates, means, which masks are shared, and that only training draws. */
import { lstm, rnn, stack, throughTime, zoneout } from "retrograd/cells";
import { dropout, sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { jit } from "../../src/jit/jit.ts";
import { ones, zeros } from "../../src/ops/creation.ts";
import * as random from "../../src/ops/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { mapTree } from "../../src/tensor/tree.ts";

const key = random.key(4);
const share = (t: Tensor, of: (x: number) => boolean) => t.data.filter(of).length / t.size;

test("dropout leaves out its rate and keeps the mean", () => {
  const y = sequential(dropout(0.25)).apply([{}], ones([20, 20, 20]), { key });
  expect(share(y, (x) => x === 0)).toBeCloseTo(0.25, 1);
  expect(y.mean().item()).toBeCloseTo(1, 1);
  expect(new Set(y.data).size).toBe(2);
});

test("a mask changes from moment to moment, or not", () => {
  const differs = (y: Tensor) =>
    y.toArray().filter((row: number[][]) => `${row[0]}` !== `${row[1]}`);
  const each = sequential(dropout(0.5)).apply([{}], ones([10, 2, 30]), { key });
  const same = sequential(dropout(0.5, { sameInTime: true })).apply([{}], ones([10, 2, 30]), {
    key,
  });
  expect(differs(each)).toHaveLength(10);
  expect(differs(same)).toHaveLength(0);
  expect(new Set(same.toArray().map((row: number[][]) => `${row[0]}`)).size).toBe(10);
});

test("only training draws, and a key draws the same again", () => {
  const model = sequential(
    dropout(0.5),
    unroll(stack(rnn({ size: 2 }), rnn({ size: 2 }), { dropout: 0.5 }), {
      zoneout: 0.3,
    }),
  );
  const params = model.init(random.key(0), { input: 2 });
  const x = random.normal(key, [2, 5, 2]);
  const of = (options: object) => model.apply(params, x, options).toArray();
  expect(of({ key })).toEqual(of({ key }));
  expect(of({ key })).not.toEqual(of({ key: random.key(5) }));
  expect(of({ key, train: false })).toEqual(of({}));
  expect(of({ key })).not.toEqual(of({}));
});

test("layers and cells draw apart from each other, also from a traced key", () => {
  const model = sequential(dropout(0.5), dropout(0.5));
  const x = ones([1, 1, 400]);
  const y = model.apply([{}, {}], x, { key });
  expect(share(y, (v) => v === 0)).toBeCloseTo(0.75, 1);
  const traced = jit((k: Tensor) => model.apply([{}, {}], x, { key: k }), { target: "reference" });
  expect(traced(key).toArray()).toEqual(y.toArray());
});

test("stack drops what passes between cells, not what leaves the last", () => {
  const cells = stack(rnn({ size: 200, activation: "linear", biases: 0 }), rnn({ size: 1 }), {
    dropout: 0.5,
  });
  const shapes: any = cells.noise([1]);
  expect(shapes.between).toEqual({ 0: [200] });
});

test("zoneout holds a state at its rate in training, and moves by the mean elsewhere", () => {
  const size = 600;
  const cell = zoneout(rnn({ size, activation: "linear", biases: 0 }), 0.3);
  const params = { Wx: ones([1, size]), Wh: zeros([size, size]) };
  const state = { h: zeros([1, size]) };
  const x = ones([1, 1, 1]);
  const noise = mapTree(
    { cell: {}, hold: { h: 0 } },
    () => random.uniform(key, [1, 1, size]),
    (l) => l === 0,
  );
  const small = { Wx: ones([1, 3]), Wh: zeros([3, 3]) };
  const few = zoneout(rnn({ size: 3, activation: "linear", biases: 0 }), 0.3);
  const trained = throughTime(cell, params, x, state, { noise });
  expect(share(trained.outputs, (v) => v === 0)).toBeCloseTo(0.3, 1);
  expect(share(trained.outputs, (v) => v === 1)).toBeCloseTo(0.7, 1);
  const moved = throughTime(few, small, x, { h: zeros([1, 3]) });
  moved.outputs.data.forEach((v) => expect(v).toBeCloseTo(0.7, 6));
});

test("zoneout has a rate of its own for each state", () => {
  const cell = zoneout(lstm({ size: 2 }), { c: 1 - 1e-9 });
  expect(Object.keys((cell.noise([1]) as any).hold)).toEqual(["h", "c"]);
  expect(() => zoneout(lstm({ size: 2 }), { d: 0.1 }).state([1], "float32")).toThrow(
    /"d" is not known/,
  );
});
