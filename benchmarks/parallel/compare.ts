/**
 * One recurrence in two forms, step by step and all moments at once, which run in turns: what is
 * told is the median of their ratio within a turn, since what disturbs one disturbs the other.
 */
import { random, resident, type TargetName, type Tensor, valueAndGrad } from "retrograd";
import { type Evaluation, lru } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import { median } from "../ceiling.ts";

export const SIZE = 256;
export const TIMES: readonly number[] = [64, 256, 1024, 4096, 16384];
export const BATCHES: readonly number[] = [1, 32];
export const TARGETS: readonly TargetName[] = ["wasm", "native"];
export const WAYS = ["forward", "gradient"] as const;
export type Way = (typeof WAYS)[number];

/** Moments of all samples together: beyond them the levels of a gradient do not fit into memory. */
const MOST_ROWS: Readonly<Record<Way, number>> = { forward: 2 ** 17, gradient: 2 ** 16 };
const LEAST_TURNS = 5;
const SECONDS = 1;

/** What one form takes. */
export interface Cost {
  readonly ms: number;
  readonly bytes: number;
}
export interface Point {
  readonly way: Way;
  readonly target: TargetName;
  readonly batch: number;
  readonly time: number;
  readonly steps: Cost;
  readonly atOnce: Cost;
  /** Median of at once ÷ step by step, within a turn. */
  readonly ratio: number;
}

export const places: readonly Pick<Point, "way" | "target" | "batch" | "time">[] = WAYS.flatMap(
  (way) =>
    BATCHES.flatMap((batch) =>
      TIMES.filter((time) => time * batch <= MOST_ROWS[way]).flatMap((time) =>
        TARGETS.map((target) => ({ way, target, batch, time })),
      ),
    ),
);

function formOf(evaluation: Evaluation, { way, target }: (typeof places)[number], x: Tensor) {
  const model = sequential(unroll(lru({ size: SIZE, input: SIZE }), { evaluation }));
  const params = model.init(random.key(0));
  const loss = (p: typeof params, xs: Tensor) => model.apply(p, xs).square().mean();
  const f = way === "forward" ? model.apply : valueAndGrad(loss);
  const run = resident((p: typeof params, xs: Tensor) => [p, f(p, xs)], params, { target });
  const time = () => {
    const start = performance.now();
    run.call(x);
    return performance.now() - start;
  };
  time(); // compiles
  return { time, bytes: run.peakBytes };
}

export function compare(place: (typeof places)[number]): Point {
  const x = random.normal(random.key(1), [place.batch, place.time, SIZE]);
  const [steps, atOnce] = (["sequential", "parallel"] as const).map((e) => formOf(e, place, x));
  const turns: { steps: number; atOnce: number }[] = [];
  const until = performance.now() + SECONDS * 1e3;
  while (turns.length < LEAST_TURNS || performance.now() < until) {
    if (turns.length % 2) turns.push({ atOnce: atOnce.time(), steps: steps.time() });
    else turns.push({ steps: steps.time(), atOnce: atOnce.time() });
  }
  const of = (name: "steps" | "atOnce") => median(turns.map((turn) => turn[name]));
  return {
    ...place,
    steps: { ms: of("steps"), bytes: steps.bytes },
    atOnce: { ms: of("atOnce"), bytes: atOnce.bytes },
    ratio: median(turns.map((turn) => turn.atOnce / turn.steps)),
  };
}
