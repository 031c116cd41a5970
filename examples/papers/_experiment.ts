/**
 * What a published experiment is: a claim, the models that are to bear it out, and a generator of
 * sequences. Every trial trains one model from one seed until its score on sequences it does not
 * learn from passes the mark, or its steps are used up; what counts is the score on fresh ones.
 */
import { random, type TargetName } from "retrograd";
import type { Model } from "retrograd/layers";
import {
  type Batch,
  type ClipOptions,
  type DataSource,
  evaluate,
  type Loss,
  type Method,
  type Metric,
  type Optimizer,
  type Schedule,
  train,
} from "retrograd/train";

/**
 * What is expected of a contender: to reach the mark; to stay below a score, or above one where a
 * low score is good, however long it learns, which bears out that the problem needs what it lacks;
 * or nothing, its score is told beside others.
 */
export type Aim =
  | "reach"
  | "print"
  | { readonly stayBelow: number }
  | { readonly stayAbove: number };

export interface Contender {
  readonly name: string;
  /** "reach" by default. */
  readonly aim?: Aim;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly schedule?: Schedule;
  readonly clip?: ClipOptions;
  readonly method?: Method;
  /** What is to be said of trained parameters besides the score. */
  note?(params: any): string;
  /** Updates after which a trial that has not passed is given up. */
  readonly steps: number;
  /** In place of the experiment's, for a contender at a size of its own. */
  readonly data?: Experiment["data"];
  /** Everything that was chosen, for the record. */
  readonly settings: Readonly<Record<string, number | string>>;
}

/** Something that is asserted besides, without training. */
export interface Fact {
  readonly text: string;
  readonly holds: boolean;
}

/** One experiment at one size. */
export interface Experiment {
  /** The sentence that the run bears out or not. */
  readonly claim: string;
  readonly size: Readonly<Record<string, number>>;
  facts?(): readonly Fact[];
  readonly contenders: readonly Contender[];
  readonly seeds: readonly number[];
  /** How many of the seeds must pass, for every contender of which something is expected. */
  readonly needed: number;
  readonly loss: Loss;
  readonly metrics?: readonly Metric[];
  /** What is measured: the loss, or the metric of that name. */
  readonly measure: string;
  readonly mark: { readonly below: number } | { readonly atLeast: number };
  /** What a model without memory scores, for the reader. */
  readonly baseline: number;
  /** What a trial of that seed learns from and is judged by; `folder` is where real data lie. */
  data(seed: number, folder: string): Sources;
}

/** Batches to learn from, to decide when to stop, and to be judged by, which nothing else sees. */
export interface Sources {
  /** An epoch is the time between two looks at the validation data. */
  readonly training: DataSource;
  readonly validation: DataSource;
  readonly test: DataSource;
}

export interface Paper {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** Files of real data that it reads, by their names in the folder of data. */
  readonly files?: readonly string[];
  experiment(quick: boolean): Experiment;
}

export interface Trial {
  readonly contender: string;
  readonly seed: number;
  /** Whether it did what is expected of it; where that is nothing, whether it reached the mark. */
  readonly passed: boolean;
  /** On sequences that neither training nor the decision to stop has seen. */
  readonly score: number;
  readonly steps: number;
  readonly seconds: number;
  readonly note?: string;
  /** [updates, score on the validation sequences] */
  readonly curve: readonly (readonly [number, number])[];
}

const CHUNK = 4096;
/** Uniform numbers in [0, 1) from a seed and the number of a stream. */
export function uniforms(seed: number, stream: number): () => number {
  const key = random.fold(random.key(seed), stream);
  let [drawn, place] = [new Float32Array(0) as ArrayLike<number>, 0];
  let chunk = 0;
  return () => {
    if (place === drawn.length) {
      drawn = random.uniform(random.fold(key, chunk++), [CHUNK]).data;
      place = 0;
    }
    return drawn[place++];
  };
}

/** Streams of randomness of one seed: epochs count from 0, these are apart. */
const VALIDATION = -1;
const TEST = -2;

/** Batches of the validation data, and of the test. Errors are rare and large: few would mislead. */
const HELD_OUT = 32;
const FRESH = 64;

/** Makes a batch from uniform numbers in [0, 1). */
type Maker = (uniform: () => number) => Batch;

/**
 * Sequences without end: those to learn from by `make`, in epochs of so many batches; those to be
 * judged by from `makeOther`, where they are of another kind.
 */
export const generated =
  (batches: number, make: Maker, makeOther: Maker = make) =>
  (seed: number): Sources => {
    const source = (count: number, maker: Maker, stream?: number): DataSource => ({
      *batches(epoch) {
        const uniform = uniforms(seed, stream ?? epoch);
        for (let k = 0; k < count; k++) yield maker(uniform);
      },
    });
    return {
      training: source(batches, make),
      validation: source(HELD_OUT, makeOther, VALIDATION),
      test: source(FRESH, makeOther, TEST),
    };
  };

/** Training ends a little beyond the mark, so that fresh sequences pass it too. */
const MARGIN = 0.7;

/** Whether a score is beyond the mark; `share` of the way from a perfect one, where it is given. */
export const passes = ({ mark }: Experiment, score: number, share = 1): boolean =>
  "below" in mark ? score < share * mark.below : 1 - score <= share * (1 - mark.atLeast);

type Scores = { readonly loss: number; readonly metrics: Readonly<Record<string, number>> };
const scoreOf = ({ measure }: Experiment, found: Scores): number =>
  measure === "loss" ? found.loss : found.metrics[measure];

/** Whether a contender with that score did what is expected of it. */
function fulfils(experiment: Experiment, aim: Aim, score: number): boolean {
  if (typeof aim !== "object") return passes(experiment, score);
  return "stayBelow" in aim ? score < aim.stayBelow : score > aim.stayAbove;
}

/** How trials are run; nothing here changes what is claimed. */
export interface Running {
  readonly target: TargetName;
  /** Threads that share the rows of each batch. */
  readonly shards: number;
  /** Where real data lie. */
  readonly folder: string;
  progress(text: string): void;
}

/** Train one contender from one seed. */
export async function trial(
  experiment: Experiment,
  contender: Contender,
  seed: number,
  { target, shards, folder, progress }: Running,
): Promise<Trial> {
  const { loss, metrics } = experiment;
  const { model, optimizer, method, schedule, clip, steps, aim = "reach" } = contender;
  const start = performance.now();
  const { training, validation, test } = (contender.data ?? experiment.data)(seed, folder);
  const judged = { model, loss, metrics, target, shards };
  const run = train({
    ...{ ...judged, optimizer, method, schedule, clip, seed, steps },
    ...{ data: training, validation },
  });
  const curve: [number, number][] = [];
  for await (const event of run) {
    if (event.type !== "validation") continue;
    const score = scoreOf(experiment, event);
    curve.push([event.step, Number(score.toPrecision(4))]);
    progress(`${contender.name}, seed ${seed}, step ${event.step}: ${score.toPrecision(4)}`);
    if (typeof aim !== "object" && passes(experiment, score, MARGIN)) break;
  }
  const found = await evaluate({ ...judged, params: run.params, data: test });
  const score = scoreOf(experiment, found);
  return {
    contender: contender.name,
    seed,
    passed: fulfils(experiment, aim, score),
    score,
    steps: run.position.step,
    seconds: Math.round((performance.now() - start) / 100) / 10,
    ...(contender.note && { note: contender.note(run.params) }),
    curve,
  };
}
