/** Cells with a form over all moments at once, alone and among others. */
import { associativeScan, jit, random, type Tensor, tensor, where, zeros } from "retrograd";
import { type Cell, cell, gru, lstm, newton, rnn, stack, zoneout } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { describeCell } from "./describeCell.ts";

/** h' = a ∘ h + x U, a = σ(rate): a leaky sum, whose totals are associative. */
const leakySum = cell({
  name: "leaky sum",
  params: ({ input, size }, init) => ({ rate: init.normal([size]), U: init.glorot([input, size]) }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { rate, U }) {
    const next = rate.logistic().mul(h).add(x.dot(U));
    return { state: { h: next }, output: next };
  },
  parallel({ h }, xs, { rate, U }, { valid, size }) {
    const time = xs.shape[0];
    const column = valid?.reshape([time, 1]);
    const decay = rate.logistic().add(xs.dot(U).mul(0));
    const a = column ? where(column, decay, 1) : decay;
    const b = column ? where(column, xs.dot(U), 0) : xs.dot(U);
    const totals = associativeScan(
      (p: { a: typeof a; b: typeof b }, q) => ({ a: p.a.mul(q.a), b: q.a.mul(p.b).add(q.b) }),
      { a, b },
    );
    const states = totals.a.mul(h).add(totals.b);
    const outputs = column ? where(column, states, 0) : states;
    return { state: { h: states.slice(time - 1).reshape([size]) }, outputs };
  },
});

describeCell("a cell with a form over all moments", leakySum({ size: 4 }));
describeCell("a stack of both kinds", stack(leakySum({ size: 4 }), gru({ size: 3 })));
describeCell("rnn", rnn({ size: 4 }));
describeCell("lstm", lstm({ size: 4, peepholes: true, projection: 3 }));
describeCell("rounds of an lstm", newton(lstm({ size: 3 }), { tolerance: 1e-13 }));
describeCell(
  "rounds of a stack, by diagonals",
  newton(stack(gru({ size: 3 }), rnn({ size: 2 })), { method: "quasi-deer", tolerance: 1e-13 }),
);

test("rounds, in training, compiled, with what a step draws", () => {
  const layers = zoneout(stack(gru({ size: 3 }), lstm({ size: 2 })), 0.3);
  const model = (cell: Cell) => sequential(unroll(cell));
  const params = model(layers).init(random.key(1), { input: 2 });
  const x = random.normal(random.key(2), [3, 20, 2]);
  const outputs = (cell: Cell) =>
    jit((p: any, t: Tensor) => model(cell).apply(p, t, { key: random.key(3) }))(params, x);
  const [steps, rounds] = [outputs(layers), outputs(newton(layers))];
  expect(rounds.sub(steps).abs().max().item()).toBeLessThan(1e-5);
  expect(steps.abs().max().item()).toBeGreaterThan(0.1);
});

test("rounds need a state of floats", () => {
  const counting = cell({
    name: "counting",
    params: () => ({}),
    state: ({ size }) => ({ h: [size], n: { shape: [], dtype: "int32" } }),
    step: ({ h, n }, x) => ({ state: { h: h.add(x), n: n.add(1) }, output: h }),
  });
  const model = sequential(unroll(newton(counting({ size: 2, input: 2 }))));
  expect(() => model.apply([{}], zeros([1, 3, 2]))).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: parallelScan: given state "n" int32 []; expected states of one float dtype.
      Convert it first: x.cast("float32"). Nothing is converted silently.
      in parallel form of cell "counting", layer 0 of sequential   (dtype-mismatch)]
  `);
});

test("a cell without that form says so", () => {
  expect(() => unroll(gru({ size: 3 }), { evaluation: "parallel" })).toThrow(
    /"parallel" for the cell gru, which has no such form/,
  );
});

test("what a parallel form returns is checked", () => {
  const wrong = cell({
    name: "wrong",
    params: () => ({}),
    state: ({ size }) => ({ h: [size] }),
    step: ({ h }) => ({ state: { h }, output: h }),
    parallel: ({ h }) => ({ state: { h }, outputs: h }),
    prefer: "parallel",
  });
  const model = sequential(unroll(wrong({ size: 3, input: 2 })));
  expect(() => model.apply([{}], tensor([[[1, 2]]]))).toThrow(
    /parallel form of cell "wrong".*outputs \[1, …\]/s,
  );
});
