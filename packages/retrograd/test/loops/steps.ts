/**
 * Random steps for property tests: states, inputs and params of random shapes, bodies that are random
 * expressions over everything in reach, sums over axes included. A counter of int32 may run along.
 */
import fc from "fast-check";
import { scan } from "../../src/loops/scanTree.ts";
import { stack } from "../../src/ops/concatenate.ts";
import { map } from "../../src/ops/map.ts";
import { reshapeTo } from "../../src/ops/reshape.ts";
import { sliceOp } from "../../src/ops/slice.ts";
import {
  add,
  type Expr,
  greater,
  logistic,
  mul,
  select,
  slot,
  sub,
  tanh,
  toFloat64,
} from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { apply, type Tensor, type Type, tensor } from "../../src/tensor/tensor.ts";

export const SIZES: Record<string, number> = { a: 2, b: 3, c: 1 };
export const letters = fc.subarray(["a", "b"]).map((l) => l.join(""));
export const typeOf = (l: string, lead: number[] = []): Type => ({
  shape: [...lead, ...[...l].map((k) => SIZES[k])],
  dtype: "float64",
});

/** Random expressions of two operands. */
export const body: fc.Arbitrary<Expr> = fc.letrec<{ e: Expr }>((tie) => ({
  e: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(slot(0), slot(1)),
    fc.double({ min: -2, max: 2, noNaN: true }).map((x) => add(slot(0), x)),
    fc.tuple(fc.constantFrom(tanh, logistic), tie("e")).map(([f, e]) => f(e)),
    fc.tuple(fc.constantFrom(add, sub, mul), tie("e"), tie("e")).map(([f, a, b]) => f(a, b)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => select(greater(tanh(slot(1)), 2), a, b)),
  ),
})).e;

/** One value of a step: its letters, its operands (places in what exists so far), its body. */
const value = fc.record({ out: letters, from: fc.tuple(fc.nat(9), fc.nat(9)), body });
export const steps = fc.record({
  states: fc.array(value, { minLength: 1, maxLength: 2 }),
  inputs: fc.array(letters, { maxLength: 2 }),
  params: fc.array(letters, { maxLength: 2 }),
  hidden: fc.array(value, { maxLength: 1 }),
  outputs: fc.array(value, { maxLength: 2 }),
  counter: fc.boolean(),
  reverse: fc.boolean(),
  length: fc.constantFrom(1, 2, 3),
});
export type RandomStep = typeof steps extends fc.Arbitrary<infer T> ? T : never;

interface State {
  s: Tensor[];
  count: Tensor[];
}
const ONE = tensor(1, { dtype: "int32" });

/** The step as a function of trees. */
export function stepOf(random: RandomStep) {
  return (state: State, x: Tensor[], p: Tensor[]) => {
    const pool: [Tensor, string][] = [
      ...state.s.map((t, k): [Tensor, string] => [t, random.states[k].out]),
      ...x.map((t, k): [Tensor, string] => [t, random.inputs[k]]),
      ...p.map((t, k): [Tensor, string] => [t, random.params[k]]),
      ...state.count.map((t): [Tensor, string] => [map("->", toFloat64(slot(0)), [t]), ""]),
    ];
    const compute = ({ out, from, body }: RandomStep["states"][number]): Tensor => {
      const [a, b] = from.map((k) => pool[k % pool.length]);
      const sizes = Object.fromEntries([...out].map((l) => [l, SIZES[l]]));
      return map(`${a[1]},${b[1]}->${out}`, tanh(body), [a[0], b[0]], { sizes });
    };
    for (const h of random.hidden) pool.push([compute(h), h.out]);
    return {
      state: {
        s: random.states.map(compute),
        count: state.count.map((t) => map("->", add(slot(0), 1), [t])),
      },
      output: random.outputs.map(compute),
    };
  };
}

const groups = (random: RandomStep, xs: readonly Tensor[]) => {
  const [n, m] = [random.states.length, random.inputs.length];
  const count = random.counter ? [ONE] : [];
  return [{ s: xs.slice(0, n), count }, xs.slice(n, n + m), xs.slice(n + m)] as const;
};
const typesOf = ({ states, inputs, params, length }: RandomStep): Type[] => [
  ...states.map((s) => typeOf(s.out)),
  ...inputs.map((l) => typeOf(l, [length])),
  ...params.map((l) => typeOf(l)),
];

/** (state…, inputs over time…, params…) → final state and outputs, as a loop. */
export const looped = (random: RandomStep): Graph =>
  trace(typesOf(random), (...xs) => {
    const [state, x, p] = groups(random, xs);
    const options = { reverse: random.reverse, length: random.length };
    const found = scan(stepOf(random), { s: [...state.s], count: state.count }, x, p, options);
    return [...found.state.s, ...found.state.count, ...found.outputs];
  });

/** The same without a loop. */
export const unrolled = (random: RandomStep): Graph =>
  trace(typesOf(random), (...xs) => {
    const [first, x, p] = groups(random, xs);
    const step = stepOf(random);
    const shown: Tensor[][] = [];
    let state: State = { s: [...first.s], count: first.count };
    for (let i = 0; i < random.length; i++) {
      const t = random.reverse ? random.length - 1 - i : i;
      const got = step(
        state,
        x.map((series) => moment(series, t)),
        p,
      );
      state = got.state;
      shown[t] = got.output;
    }
    const outputs = random.outputs.map((_, k) => stack(shown.map((at) => at[k])));
    return [...state.s, ...state.count, ...outputs];
  });

/** One moment of a series. */
export const moment = (series: Tensor, t: number): Tensor => {
  const [one] = apply(sliceOp, [series], {
    starts: series.shape.map((_, d) => (d === 0 ? t : 0)),
    sizes: series.shape.map((n, d) => (d === 0 ? 1 : n)),
    strides: series.shape.map(() => 1),
  });
  return reshapeTo(one, series.shape.slice(1));
};
