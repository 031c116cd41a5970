/** Sequences that were filled up to one length are what they were before. */

import { isFloat } from "../../scalar/dtype.ts";
import { concrete, type Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import { type Bench, type Leaf, shorter } from "../bench.ts";
import { byHowMuch, placeOf, type Rule, rowOf } from "./rule.ts";

const silent = ({ subject }: Bench): string | undefined =>
  subject.rows === undefined
    ? "a step is given no lengths"
    : subject.rows < 2 || subject.time < 2
      ? "there are no two sequences of two steps"
      : undefined;

export const padding: Rule = {
  code: "padding",
  virtue: "padding ignored",
  promise: "Beyond the length of a sequence nothing counts.",
  severity: "fault",
  cure: "Hand `lengths` on to scan or unroll, which hold the state past the end, and divide means by the length of each row; model.run(params, x, { lengths }).",
  silent,
  broken: (bench) => bench.once("padding", () => beyond(bench) ?? cut(bench)),
};

/** Where the outputs and states of sequences with lengths count. */
const inside = (bench: Bench, lengths: readonly number[]) => (leaf: Leaf, at: number) => {
  if (!bench.overTime.includes(true) || leaf.shape[1] !== bench.subject.time) return true;
  const { row, step } = placeOf(leaf.shape, at);
  return step < lengths[row];
};

/** Other numbers in the padding change nothing. */
function beyond(bench: Bench): string | undefined {
  const { rows, time } = bench.subject;
  const { lengths, tensor } = shorter(rows!, time);
  const other = bench.altered((row, step) => step >= lengths[row]);
  const [a, b] = [bench.run({ lengths: tensor }), bench.run({ lengths: tensor, inputs: other })];
  const found =
    bench.apart(a.output, b.output, inside(bench, lengths)) ?? bench.apart(a.state, b.state);
  return (
    found &&
    `The ${found.leaf} of a sequence of ${lengths[1]} steps changes, ${byHowMuch(found.relative)}, with what stands in its padding.`
  );
}

/** A sequence that is filled up gives what it gives cut off at its end. */
function cut(bench: Bench): string | undefined {
  const { rows, time } = bench.subject;
  const { lengths, tensor } = shorter(rows!, time);
  const length = lengths[1];
  const long = bench.run({ lengths: tensor });
  const short = bench.run({ inputs: bench.part(0, length) });
  const second = (leaf: Leaf, at: number) => rowOf(leaf.shape, at) === 1;
  const upTo = long.output.map((leaf, k) => (bench.overTime[k] ? firstSteps(leaf, length) : leaf));
  const found =
    bench.apart(short.output, upTo, second) ?? bench.apart(short.state, long.state, second);
  return (
    found &&
    `A sequence of ${length} steps gives another ${found.leaf} (${byHowMuch(found.relative)}) when it is filled up to ${time}.`
  );
}

function firstSteps(leaf: Leaf, steps: number): Leaf {
  const [rows, time, ...rest] = leaf.shape;
  const inner = rest.reduce((a, b) => a * b, 1);
  const data = new Float64Array(rows * steps * inner);
  for (let b = 0; b < rows; b++)
    data.set(leaf.data.subarray(b * time * inner, (b * time + steps) * inner), b * steps * inner);
  return { ...leaf, shape: [rows, steps, ...rest], data };
}

export const paddingNaN: Rule = {
  code: "padding-nan",
  virtue: "NaN in padding too",
  promise: "Padding may hold anything, NaN too.",
  severity: "warning",
  cure: "Choose with where(mask, x, 0) instead of multiplying by a mask: 0 · NaN is NaN.",
  silent: (bench) => silent(bench) ?? (padding.broken(bench) && "padding counts at all"),
  broken(bench) {
    const { rows, time, inputs } = bench.subject;
    const { lengths, tensor } = shorter(rows!, time);
    const spoiled = mapTree(inputs, (t: Tensor) => {
      if (!isFloat(t.dtype)) return t;
      const data = t.data.slice();
      data.forEach((_, at) => {
        const { row, step } = placeOf(t.shape, at);
        if (step >= lengths[row]) data[at] = Number.NaN;
      });
      return concrete(data, { shape: t.shape, dtype: t.dtype });
    });
    const { output, state } = bench.run({ lengths: tensor, inputs: spoiled });
    const counts = inside(bench, lengths);
    const bad = [...output, ...state].find((leaf) =>
      leaf.data.some((x, at) => Number.isNaN(x) && (state.includes(leaf) || counts(leaf, at))),
    );
    return bad && `A NaN in the padding reaches the ${bad.name} of its sequence.`;
  },
};
