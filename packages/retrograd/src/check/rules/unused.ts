/** What is declared is used: a state that never moves, a parameter that nobody reads are slips. */
import { isFloat } from "../../scalar/dtype.ts";
import { concrete, type Tensor, tensor } from "../../tensor/tensor.ts";
import { leavesOf, mapTree } from "../../tensor/tree.ts";
import type { Bench, Outcome, Trial } from "../bench.ts";
import type { Rule } from "./rule.ts";

/** The tree with other numbers in the leaf of that path. */
const moved = (tree: any, path: string): any =>
  mapTree(tree, (t: Tensor, own) => {
    if (own !== path) return t;
    const data = t.data.map((x: number, i: number) =>
      !isFloat(t.dtype) ? whole(t, x) : Number.isFinite(x) ? x + 0.4 * Math.cos(3 * i + 1) : 5,
    );
    return concrete(data as never, { shape: t.shape, dtype: t.dtype });
  });

const whole = ({ dtype }: Tensor, x: number): number => (dtype === "bool" ? 1 - x : x + 1);

const firstState = ({ subject }: Bench): any => subject.first(subject.params, subject.rows ?? 0);

const withoutState = (bench: Bench): string | undefined =>
  leavesOf(firstState(bench)).length === 0 ? "it keeps no state" : undefined;

const named = (names: readonly string[]): string =>
  `${names.map((name) => `"${name}"`).join(", ")}`;

export const stateMoves: Rule = {
  code: "state-frozen",
  virtue: "state moves",
  promise: "Every part of the state moves.",
  severity: "fault",
  cure: "Return the new state, not the one that came in: { state: { h: next }, output: next }.",
  silent: withoutState,
  broken(bench) {
    const first = firstState(bench);
    const inputs = bench.altered(() => true);
    const names = leavesOf<Tensor>(first).flatMap(([path], k) => {
      // From where it begins, with other inputs, and from elsewhere.
      const trials = [{ state: first }, { state: first, inputs }, { state: moved(first, path) }];
      const still = trials.every((trial) => {
        const entered = leavesOf<Tensor>(trial.state)[k][1].data;
        return bench.run(trial).state[k].data.every((x, i) => x === entered[i]);
      });
      return still ? [path] : [];
    });
    return names.length > 0
      ? `After ${bench.subject.time} steps the state ${named(names)} is what it was before them.`
      : undefined;
  },
};

export const stateRead: Rule = {
  code: "state-unread",
  virtue: "state read",
  promise: "Every part of the state is read.",
  severity: "warning",
  cure: "Use it in the step, or leave it out: the model forgets what nobody reads.",
  silent: (bench) => withoutState(bench),
  broken(bench) {
    const first = firstState(bench);
    const { rows, kind, time } = bench.subject;
    const half = time >> 1;
    // What is written first and read later is not read where it begins; and a head over time needs
    // its state where a sequence is over before this piece of it begins.
    const trials: Trial[] = [
      { state: first },
      { state: bench.run({ inputs: bench.part(0, half) }).next, inputs: bench.part(half, time) },
      ...(kind === "model" ? [{ state: first, lengths: tensor(new Int32Array(rows!)) }] : []),
    ];
    const plain = trials.map((trial) => bench.run(trial));
    const unread = leavesOf<Tensor>(first).filter(([path], own) =>
      trials.every((trial, k) => {
        const changed = bench.run({ ...trial, state: moved(trial.state, path) });
        return !bench.apart(others(plain[k], own), others(changed, own));
      }),
    );
    const names = unread.map(([path]) => path);
    return names.length > 0
      ? `The state ${named(names)} changes neither the output nor another state.`
      : undefined;
  },
};

/** All but one leaf of the state. */
const others = ({ output, state }: Outcome, own: number) => [
  ...output,
  ...state.filter((_, k) => k !== own),
];

export const paramsRead: Rule = {
  code: "params-unread",
  virtue: "parameters read",
  promise: "Every parameter has influence.",
  severity: "warning",
  cure: "Use it in the step, or leave it out: it gets no gradient, and weight decay alone moves it.",
  silent: ({ subject }) =>
    leavesOf(subject.params).length === 0 ? "it has no parameters" : undefined,
  broken(bench) {
    const { params } = bench.subject;
    const plain = bench.plain;
    const all = ({ output, state }: Outcome) => [...output, ...state];
    const unused = leavesOf<Tensor>(params)
      .filter(([, t]) => isFloat(t.dtype))
      .filter(
        ([path]) => !bench.apart(all(plain), all(bench.run({ params: moved(params, path) }))),
      );
    const names = unused.map(([path]) => path);
    return names.length > 0
      ? `${names.length === 1 ? "Parameter" : "Parameters"} ${named(names)} ${names.length === 1 ? "changes" : "change"} neither output nor state.`
      : undefined;
  },
};

export const finite: Rule = {
  code: "not-finite",
  decides: true,
  virtue: "finite",
  promise: "Outputs and states are finite.",
  severity: "fault",
  cure: "Look at the op that makes the first NaN: a logarithm or root of 0, a division by 0, exp of something large; train says which one it is.",
  broken(bench) {
    const { output, state } = bench.plain;
    const bad = [...output, ...state].find(({ data }) => !data.every(Number.isFinite));
    return bad && `The ${bad.name} holds NaN or infinity.`;
  },
};
