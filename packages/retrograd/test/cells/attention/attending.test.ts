/** A recurrence that attends to its past: plain loops, and the two ways of its gradient. */
import { grad, jit, random, type Tensor, tensor } from "retrograd";
import {
  attending,
  drawTree,
  multiHeadAttention,
  type Remembered,
  startOf,
  throughTime,
} from "retrograd/cells";
import { describe, expect, test } from "vitest";
import { mapTree } from "../../../src/tensor/tree.ts";
import { numbers } from "../../derivatives.ts";
import { describeCell } from "../describeCell.ts";

const [TIME, INPUT, SIZE, CONTEXT] = [7, 2, 3, 4];
const options = { size: SIZE, context: CONTEXT };
describeCell("attending to states", attending({ ...options, input: 3 }));
describeCell(
  "attending to inputs with heads",
  attending({
    ...{ ...options, input: 3, over: "inputs" },
    attention: multiHeadAttention({ size: 4, heads: 2 }),
  }),
);

type Rows = number[][];
const draw = (shape: readonly number[], seed: number): Tensor =>
  tensor(numbers(seed)(shape.reduce((a, b) => a * b, 1)), { shape, dtype: "float64" }).mul(2);
const times = (row: number[], M: Rows) =>
  M[0].map((_, j) => row.reduce((sum, r, i) => sum + r * M[i][j], 0));

/** The equations in plain numbers; what is carried reads `x`, what is remembered reads `copy`. */
function plain(W: any, x: Rows, copy: Rows, over: Remembered): Rows {
  let s = Array<number>(SIZE).fill(0);
  const memory: Rows = [];
  return x.map((row, t) => {
    const from = (now: number[]) => {
      const [a, r] = [times(now, W.Wx), times(s, W.Wh)];
      return a.map((z, i) => Math.tanh(z + r[i] + W.b[i]));
    };
    const [h, remembered] = [from(row), over === "inputs" ? copy[t] : from(copy[t])];
    const past = memory.slice(-CONTEXT);
    const own = times(s, W.attention.Wq);
    const raised = past.map((m) => {
      const met = times(m, W.attention.Wm).map((z, i) => Math.tanh(z + own[i] + W.attention.b[i]));
      return Math.exp(met.reduce((sum, z, i) => sum + z * W.attention.v[i], 0));
    });
    const total = raised.reduce((a, b) => a + b, 0);
    const c = remembered.map((_, i) =>
      past.reduce((sum, m, k) => sum + (raised[k] / total) * m[i], 0),
    );
    const read = times(c, W.Wc);
    s = h.map((z, i) => z + read[i]);
    memory.push(remembered);
    return s;
  });
}

describe.each(["states", "inputs"] as const)("memory of %s", (over) => {
  const cell = attending({ ...options, over });
  const params = mapTree(
    drawTree<any>(cell.params([INPUT]), random.key(1), "float64"),
    (t: Tensor) => t.add(draw(t.shape, 2)),
  );
  const xs = draw([TIME, 1, INPUT], 3);
  const weight = draw([SIZE], 4);
  const run = (stop: "recurrence" | "attention" | undefined, x: Tensor, p = params) => {
    const own = attending({ ...options, over, stop });
    return throughTime(own, p, x, startOf(own, p, [INPUT], 1, "float64")).outputs;
  };
  /** What the last moment says. */
  const loss = (outputs: Tensor) =>
    outputs
      .slice(TIME - 1, 0)
      .mul(weight)
      .sum();
  const W = mapTree(params, (t: Tensor) => t.toArray());
  const rows = xs.reshape([TIME, INPUT]).toArray() as Rows;

  test("is its equations", () => {
    const expected = plain(W, rows, rows, over).flat();
    run(undefined, xs).data.forEach((y, i) => expect(y).toBeCloseTo(expected[i], 12));
  });

  const part = (stop: "recurrence" | "attention" | undefined) =>
    jit(grad((x: Tensor) => loss(run(stop, x))))(xs).data as Float64Array;
  const [whole, carried, remembered] = ([undefined, "attention", "recurrence"] as const).map(part);

  test("the two parts add up to the whole gradient", () => {
    whole.forEach((g, i) => expect(carried[i] + remembered[i]).toBeCloseTo(g, 13));
    expect(Math.max(...remembered.map(Math.abs))).toBeGreaterThan(1e-3);
    expect(Math.max(...carried.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  test("each part is what its own copy of the input does", () => {
    const last = (x: Rows, copy: Rows) =>
      plain(W, x, copy, over)[TIME - 1].reduce((sum, s, i) => sum + s * weight.data[i], 0);
    const moved = (at: number, by: number) =>
      rows.map((row, t) => row.map((x, i) => (t * INPUT + i === at ? x + by : x)));
    const step = 1e-5;
    for (let at = 0; at < TIME * INPUT; at++) {
      const [up, down] = [moved(at, step), moved(at, -step)];
      const slope = (above: number, below: number) => (above - below) / (2 * step);
      expect(carried[at]).toBeCloseTo(slope(last(up, rows), last(down, rows)), 8);
      expect(remembered[at]).toBeCloseTo(slope(last(rows, up), last(rows, down)), 8);
    }
  });

  test("values and the gradients of parameters are the same with either way closed", () => {
    const gradient = (stop?: "recurrence" | "attention") =>
      grad((p: any) => loss(run(stop, xs, p)))(params);
    const open = gradient();
    for (const stop of ["recurrence", "attention"] as const) {
      expect([...run(stop, xs).data]).toEqual([...run(undefined, xs).data]);
      const closed = gradient(stop);
      mapTree(open, (t: Tensor, path) => {
        const other = path.split(".").reduce((tree: any, key) => tree[key], closed) as Tensor;
        t.data.forEach((x, i) => expect(other.data[i]).toBeCloseTo(x, 12));
        return t;
      });
    }
  });
});

test("options that are not known are refused", () => {
  const refuse = (given: object) => () => attending({ size: 3, ...given }).params([2]);
  expect(refuse({ over: "outputs" })).toThrow(/attending: over: "outputs" is not known/);
  expect(refuse({ stop: "memory" })).toThrow(/Use one of: recurrence, attention/);
  expect(refuse({ context: 1.5 })).toThrow(/attending: context: given 1.5/);
});
