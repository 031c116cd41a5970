/** A sequence in pieces is the sequence: the state holds all that goes on from one to the next. */
import type { Bench, Leaf, Outcome } from "../bench.ts";
import { byHowMuch, type Rule } from "./rule.ts";

const wholeOnly = ({ subject }: Bench): string | undefined =>
  subject.wholeOnly && `the model reads whole sequences and says so: ${subject.wholeOnly}`;

export const chunks: Rule = {
  code: "chunks",
  virtue: "whole in pieces",
  promise: "A sequence in pieces, the state handed on, gives what it gives as a whole.",
  severity: "fault",
  cure: "Put everything that one step knows of those before it into the state, and return the new state: counters, running means, the last inputs of a convolution.",
  silent: (bench) =>
    wholeOnly(bench) ??
    (bench.plain.state.length === 0 && !bench.overTime.includes(true)
      ? "it keeps no state and gives one output for a sequence"
      : undefined),
  broken(bench) {
    const { time } = bench.subject;
    const whole = bench.plain;
    const single = Array.from({ length: time - 1 }, (_, t) => t + 1);
    for (const borders of [[time >> 1], [1, time - 1], single]) {
      const found = differs(bench, whole, borders);
      if (found) return `${found} in ${borders.length + 1} pieces than as a whole.`;
    }
    return undefined;
  },
};

/** Run in pieces that begin at 0 and at the borders; what differs from the whole. */
function differs(bench: Bench, whole: Outcome, borders: readonly number[]): string | undefined {
  const { time } = bench.subject;
  const starts = [0, ...borders];
  let state: any;
  const parts = starts.map((from, k) => {
    const inputs = bench.part(from, starts[k + 1] ?? time);
    const ran = bench.run({ inputs, ...(state !== undefined && { state }) });
    state = ran.next;
    return ran;
  });
  const output = whole.output.filter((_, k) => bench.overTime[k]);
  const joined = output.map((leaf, k) => {
    const pieces = parts.map((part) => part.output.filter((_, i) => bench.overTime[i])[k]);
    return { ...leaf, data: join(pieces, bench.timeAxis) };
  });
  const found = bench.apart(output, joined) ?? bench.apart(whole.state, parts.at(-1)!.state);
  return found && `The ${found.leaf} is another (${byHowMuch(found.relative)})`;
}

/** Leaves laid one behind another along an axis. */
function join(leaves: readonly Leaf[], axis: number): Float64Array {
  const outer = leaves[0].shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const sizes = leaves.map(({ data }) => data.length / outer);
  const total = sizes.reduce((a, b) => a + b, 0);
  const out = new Float64Array(outer * total);
  for (let o = 0; o < outer; o++) {
    let at = o * total;
    leaves.forEach(({ data }, k) => {
      out.set(data.subarray(o * sizes[k], (o + 1) * sizes[k]), at);
      at += sizes[k];
    });
  }
  return out;
}

/** The outputs of a stream for the first sequence, moment by moment. */
function pushed(bench: Bench, live: { push(x: any): any }): Float64Array[] {
  const { inputs, time } = bench.subject;
  return Array.from({ length: time }, (_, t) =>
    Float64Array.from(live.push(inputs.slice(0, t)).data),
  );
}

const noStream = (bench: Bench): string | undefined =>
  wholeOnly(bench) ?? (bench.subject.stream ? undefined : "it has no stream");

export const stream: Rule = {
  code: "stream",
  virtue: "streams alike",
  promise: "A stream gives, moment by moment, what one pass over the sequence gives.",
  severity: "fault",
  cure: "Let moment() do for one sample and one moment exactly what whole() does for all of them, with the same parameters and no training.",
  silent: noStream,
  broken(bench) {
    const { subject, overTime } = bench;
    const moments = pushed(bench, subject.stream!(subject.params, bench.target));
    const [all] = bench.run({ inputs: bench.part(0, subject.time, [0, 1]) }).output;
    const shown = overTime[0] ? moments : moments.slice(-1);
    const data = join(
      shown.map((x) => ({ name: "", shape: [x.length], data: x })),
      0,
    );
    if (data.length !== all.data.length)
      return `A moment gives ${moments[0].length} numbers in a stream, ${all.data.length / shown.length} as a whole.`;
    const found = bench.apart([all], [{ ...all, data }]);
    const step =
      found && (overTime[0] ? Math.floor(found.at / moments[0].length) : subject.time - 1);
    return (
      found && `The stream says something else at step ${step} (${byHowMuch(found.relative)}).`
    );
  },
};

export const reset: Rule = {
  code: "reset",
  virtue: "resets",
  promise: "After reset() a stream begins anew.",
  severity: "fault",
  cure: "Let reset() put back every part of the state, to what model.state gives.",
  silent: noStream,
  broken(bench) {
    const { subject } = bench;
    const live = subject.stream!(subject.params, bench.target);
    const first = pushed(bench, live);
    live.reset();
    const second = pushed(bench, live);
    for (let t = 0; t < first.length; t++) {
      const leaf = (data: Float64Array) => ({ name: "output", shape: [data.length], data });
      const found = bench.apart([leaf(first[t])], [leaf(second[t])]);
      if (found)
        return `The same sequence after reset() gives another output at step ${t} (${byHowMuch(found.relative)}).`;
    }
    return undefined;
  },
};
