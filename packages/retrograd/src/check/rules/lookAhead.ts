/** Causality: what a model says at a moment is known at that moment. */
import { byHowMuch, type Rule } from "./rule.ts";

export const lookAhead: Rule = {
  code: "look-ahead",
  virtue: "causal",
  promise: "The output of a step does not depend on later inputs.",
  severity: "fault",
  cure: "Make statistics over time (means, norms, attention) of past steps only, and shift targets, not inputs; a model that is meant to read both ways says so: bidirectional(cell).",
  silent: ({ subject, overTime }) =>
    subject.wholeOnly !== undefined
      ? `the model reads whole sequences and says so: ${subject.wholeOnly}`
      : overTime.includes(true)
        ? undefined
        : "it gives one output for a sequence",
  broken(bench) {
    const { time } = bench.subject;
    const { output } = bench.plain;
    const axis = bench.timeAxis;
    for (const t of [...new Set([0, time >> 1, time - 2])].reverse()) {
      const changed = bench.run({ inputs: bench.altered((_, step) => step > t) }).output;
      const found = bench.apart(output, changed, ({ shape }, at) => {
        if (!bench.overTime[output.findIndex((leaf) => leaf.shape === shape)]) return false;
        const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
        return Math.floor(at / inner) % shape[axis] <= t;
      });
      if (found)
        return `The output up to step ${t} changes, ${byHowMuch(found.relative)}, when the inputs after step ${t} do.`;
    }
    return undefined;
  },
};
