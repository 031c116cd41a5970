/** The same call gives the same numbers; chance comes from the key alone, and only in training. */
import * as random from "../../ops/random.ts";
import type { Bench, Outcome } from "../bench.ts";
import { byHowMuch, type Rule } from "./rule.ts";

const all = ({ output, state }: Outcome) => [...output, ...state];
const [KEY, OTHER] = [11, 12];

export const repeat: Rule = {
  code: "repeat",
  decides: true,
  virtue: "repeatable",
  promise: "The same parameters, inputs and key give the same numbers, whatever ran before.",
  severity: "fault",
  cure: "Draw from random.fold(key, …) instead of Math.random, and keep what goes on from step to step in the state, not in variables of JavaScript.",
  broken(bench) {
    try {
      return unlike(bench);
    } catch (error) {
      // A tensor of one trace that another one reads was kept in between.
      const { code } = error as { code?: string };
      if (code !== "free-trace" && code !== "traced-value") throw error;
      return "A run reads a tensor that an earlier run left behind in a variable of JavaScript.";
    }
  },
};

/** Two runs of the same thing, with another in between, that differ. */
function unlike(bench: Bench): string | undefined {
  const first = bench.plain;
  bench.again({ inputs: bench.altered(() => true) });
  const found = bench.apart(all(first), all(bench.again()));
  if (found)
    return `The same run twice gives another ${found.leaf} (${byHowMuch(found.relative)}).`;
  if (bench.subject.kind === "step") return undefined;
  const key = random.key(KEY);
  const trained = bench.run({ train: true, key });
  const off = bench.apart(all(trained), all(bench.again({ train: true, key })));
  return (
    off &&
    `Training twice with the same key gives another ${off.leaf} (${byHowMuch(off.relative)}).`
  );
}

const isStep = ({ subject }: Bench): string | undefined =>
  subject.kind === "step" ? "a step is not told of training" : undefined;

export const dropout: Rule = {
  code: "dropout",
  virtue: "quiet when applied",
  promise: "Dropout and noise are off when the model is applied.",
  severity: "fault",
  cure: "Drop only where `train` is true: a key alone does not mean training.",
  silent: isStep,
  broken(bench) {
    const quiet = bench.plain;
    for (const seed of [KEY, OTHER]) {
      const found = bench.apart(
        all(quiet),
        all(bench.run({ train: false, key: random.key(seed) })),
      );
      if (found)
        return `Without training the ${found.leaf} still depends on the key (${byHowMuch(found.relative)}).`;
    }
    return undefined;
  },
};

export const fixedNoise: Rule = {
  code: "fixed-noise",
  virtue: "noise follows the key",
  promise: "What training adds to a model follows the key.",
  severity: "warning",
  cure: "Draw the mask from the key that is handed in; one that never changes only removes units. (Batch statistics, which differ in training without chance, are no mistake.)",
  silent: isStep,
  broken(bench) {
    const trained = [KEY, OTHER].map((seed) => bench.run({ train: true, key: random.key(seed) }));
    if (!bench.apart(all(bench.plain), all(trained[0]))) return undefined;
    return bench.apart(all(trained[0]), all(trained[1]))
      ? undefined
      : "Training differs from applying, but is the same for every key.";
  },
};
