/** Cells with a form over all moments at once, alone and among others. */
import { associativeScan, tensor, where } from "retrograd";
import { cell, gru, lstm, rnn, stack } from "retrograd/cells";
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
