/**
 * A linear recurrence step by step, or all moments at once? Both forms of an LRU (256 units, 256
 * features), forward and with its gradient, over lengths from 64 to 16,384. The two run in turns,
 * and what is told is the median of their ratio: below 1 the form over all moments is faster.
 *
 * That form does about three times the elementwise work in log₂ T levels, which pays where many
 * cores share a level. The products of the LRU are the same in both: they leave the loop.
 */
import { jit, random, type Tensor, valueAndGrad } from "retrograd";
import { type Evaluation, lru } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import type { Case, CaseOptions } from "../case.ts";
import { median } from "../ceiling.ts";

const SIZE = 256;
const LENGTHS = [64, 256, 1024, 4096, 16384];
const BATCHES = [1, 32];
/** Moments of all samples together: beyond them the levels of a gradient do not fit into memory. */
const MOST_ROWS = { forward: 2 ** 17, gradient: 2 ** 16 };
const LEAST_TURNS = 5;
const SECONDS = 1;

type Way = keyof typeof MOST_ROWS;

function timer(way: Way, evaluation: Evaluation, x: Tensor, { target }: CaseOptions) {
  const model = sequential(unroll(lru({ size: SIZE, input: SIZE }), { evaluation }));
  const params = model.init(random.key(0));
  const loss = (p: typeof params, xs: Tensor) => model.apply(p, xs).square().mean();
  const f = way === "forward" ? model.apply : valueAndGrad(loss);
  const program = jit((p: typeof params, xs: Tensor) => f(p, xs), { target });
  return () => {
    const start = performance.now();
    program(params, x);
    return performance.now() - start;
  };
}

/** Median milliseconds of both forms, and of their ratio within a turn. */
function compare(way: Way, length: number, batch: number, options: CaseOptions) {
  const x = random.normal(random.key(1), [batch, length, SIZE]);
  const forms = (["sequential", "parallel"] as const).map((e) => timer(way, e, x, options));
  for (const run of forms) run(); // compiles
  const turns: [number, number][] = [];
  const until = performance.now() + SECONDS * 1e3;
  while (turns.length < LEAST_TURNS || performance.now() < until) {
    const isForth = turns.length % 2 === 0;
    const [a, b] = (isForth ? forms : [...forms].reverse()).map((run) => run());
    turns.push(isForth ? [a, b] : [b, a]);
  }
  return {
    steps: median(turns.map(([steps]) => steps)),
    atOnce: median(turns.map(([, atOnce]) => atOnce)),
    ratio: median(turns.map(([steps, atOnce]) => atOnce / steps)),
  };
}

function prepare(options: CaseOptions) {
  const fields: Record<string, string> = {};
  const lengths = options.length ? [options.length] : LENGTHS;
  for (const way of ["forward", "gradient"] as const)
    for (const batch of options.batch ? [options.batch] : BATCHES) {
      const faster: number[] = [];
      for (const length of lengths.filter((n) => n * batch <= MOST_ROWS[way])) {
        const { steps, atOnce, ratio } = compare(way, length, batch, options);
        if (ratio < 1) faster.push(length);
        const text = `${steps.toPrecision(3)} ms, at once ${atOnce.toPrecision(3)} ms`;
        fields[`${way}, batch ${batch}, ${length} steps`] = `${text}: ${ratio.toFixed(2)}`;
        console.error(
          `${way}, batch ${batch}, ${length} steps: ${text}, ratio ${ratio.toFixed(2)}`,
        );
      }
      fields[`crossover, ${way}, batch ${batch}`] = faster.length
        ? `all at once is faster for ${faster.join(", ")} steps`
        : "none: step by step is faster throughout";
    }
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "parallel",
  question: "Is a linear recurrence faster step by step, or all moments at once?",
  long: true,
  prepare,
};
