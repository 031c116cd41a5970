/**
 * Random recurrences as users write them: states [rows, columns] that meet products with params,
 * gates cut out of one product, reductions, masks by index, sums over time, loops inside the step and
 * recomputed parts; finals and outputs read or not. Beside test/loops/steps.ts, whose steps are random
 * maps of small tensors, these have what the passes over time loops look for.
 */
import fc from "fast-check";
import { concatenate, map, remat, scalar, scan, type Tensor, where } from "retrograd";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import type { Type } from "../../src/tensor/tensor.ts";

const { slot, select, less, index } = scalar;

/** What a step may read besides its values: all of it from outside the loop. */
interface Params {
  W: Tensor;
  gates: Tensor;
  b: Tensor;
}
type Link = (x: Tensor, y: Tensor, p: Params) => Tensor;

const half = (t: Tensor, k: number): Tensor => {
  const m = t.shape[1] / 2;
  return t.slice(null, [k * m, (k + 1) * m]);
};

/** Ways to the next value of a step from two that are there; all are [rows, columns]. */
export const LINKS: readonly Link[] = [
  (x, y) => x.add(y).tanh(),
  (x, y, { W, b }) => x.dot(W).add(y).add(b),
  (x, y, { W }) => x.dot(W).add(y.dot(W)).tanh(),
  (x, y) => x.mul(y.logistic()),
  (x, y, { gates }) => {
    const z = x.dot(gates);
    return half(z, 0).logistic().mul(half(z, 1).tanh()).add(y.mul(0.5));
  },
  (x, y, { b }) => x.sub(y.mean(1, { keepDims: true })).mul(b),
  (x, y, { W }) => x.dot(W.dot(W)).mul(y),
  (x, y) => concatenate([x.slice(null, [0, 1]), y.slice(null, [1, null])], 1),
  (x, y) => where(x.less(y), x, y.mul(0.5)),
  (x, y) => x.softmax().add(y.max(0, { keepDims: true })),
  (x, _, { b }) => map("ij,j->ij", select(less(index("j"), index("i")), slot(0), slot(1)), [x, b]),
  (x, y) => x.dot(y.transpose()).dot(x).mul(0.1),
  (x, y, { W }) => remat((a: Tensor, c: Tensor) => a.dot(W).tanh().mul(c))(x, y),
  (x, y, { W }) =>
    scan(
      (h: Tensor, row: Tensor) => {
        const next = h.dot(W).add(row).tanh();
        return { state: next, output: next.sum() };
      },
      x.sum(0),
      y,
    )
      .outputs.reshape([-1, 1])
      .add(x),
];

interface LinkOf {
  of: number;
  x: number;
  y: number;
}
export interface Recurrence {
  rows: number;
  columns: number;
  links: LinkOf[];
  /** Where each state's next value comes from. */
  states: number[];
  /** Sums over time of these values. */
  sums: number[];
  outputs: number[];
  finals: boolean;
  reverse: boolean;
  masked: boolean;
  length: number;
  /** Rows that chunks aim at: the length is cut at several places, not always evenly. */
  chunk: number;
}

const place = fc.nat(9);
const link = fc.record({ of: fc.nat(LINKS.length - 1), x: place, y: place });
export const recurrences: fc.Arbitrary<Recurrence> = fc.record({
  rows: fc.constantFrom(1, 2, 3),
  columns: fc.constantFrom(2, 4, 5),
  links: fc.array(link, { minLength: 1, maxLength: 4 }),
  states: fc.array(place, { minLength: 1, maxLength: 2 }),
  sums: fc.array(place, { maxLength: 1 }),
  outputs: fc.array(place, { maxLength: 2 }),
  finals: fc.boolean(),
  reverse: fc.boolean(),
  masked: fc.boolean(),
  length: fc.constantFrom(1, 2, 4, 5, 7),
  chunk: fc.constantFrom(1, 2, 6, 512),
});

/** (states…, input [time, rows, columns], params…) → what is read of finals and outputs. */
export function graphOf(random: Recurrence): Graph {
  const { rows, columns, length } = random;
  const value: Type = { shape: [rows, columns], dtype: "float64" };
  const types: Type[] = [
    ...random.states.map(() => value),
    { shape: [length, rows, columns], dtype: "float64" },
    { shape: [columns, columns], dtype: "float64" },
    { shape: [columns, 2 * columns], dtype: "float64" },
    { shape: [columns], dtype: "float64" },
    ...(random.masked ? [{ shape: [length, rows], dtype: "bool" } as const] : []),
  ];
  return trace(types, (...given) => {
    const n = random.states.length;
    const [x, W, gates, b, mask] = given.slice(n);
    const sums = random.sums.map(() => b.mul(0));
    const found = scan(
      (state: { s: Tensor[]; sums: Tensor[] }, x: Tensor, p: Params) => {
        const pool = [x, ...state.s];
        const at = (k: number) => pool[pool.length - 1 - (k % pool.length)];
        for (const { of, x, y } of random.links) pool.push(LINKS[of](at(x), at(y), p));
        return {
          state: {
            s: random.states.map((k) => at(k).mul(0.9)),
            sums: state.sums.map((sum, k) => sum.add(at(random.sums[k]).sum(0))),
          },
          output: random.outputs.map((k) => at(k)),
        };
      },
      { s: given.slice(0, n), sums: random.masked ? [] : sums },
      x,
      { W, gates, b },
      random.masked ? { mask, reverse: random.reverse } : { reverse: random.reverse },
    );
    const finals = random.finals || random.outputs.length === 0 ? found.state.s : [];
    return [...finals, ...found.state.sums, ...found.outputs];
  });
}
