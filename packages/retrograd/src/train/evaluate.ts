/** Evaluation: loss and metrics of a model over a source of data, exact over all its batches. */
import { fail } from "../errors/training.ts";
import { type JitOptions, type Resident, resident } from "../jit/jit.ts";
import type { Shards } from "../jit/shards.ts";
import { allReduce } from "../ops/allReduce.ts";
import { prepareThreads } from "../targets/wasm/threads.ts";
import {
  type Batches,
  checkInputs,
  checkLabels,
  type DataSource,
  type Fed,
  feed,
  padRows,
  rowsFor,
  sourceOf,
} from "./batch.ts";
import { beginning } from "./beginning.ts";
import { checkKinds } from "./kinds.ts";
import type { Loss, Mean } from "./losses/loss.ts";
import { forward, type Method, type Trainable } from "./method.ts";
import { bptt } from "./methods/bptt.ts";
import type { Metric } from "./metrics.ts";
import { pacer } from "./pause.ts";
import { classesOf, type Scored } from "./step.ts";
import { windows } from "./windows.ts";

export interface EvaluateOptions extends Omit<JitOptions, "shards"> {
  model: Trainable;
  loss: Loss;
  method?: Method;
  metrics?: readonly Metric[];
  /** Threads that share the rows of each batch; 1 unless told. */
  shards?: number;
}
export interface Evaluation {
  readonly loss: number;
  /** By the name of the metric. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Evaluated {
  readonly loss: Mean;
  readonly metrics: readonly Mean[];
}

/** What evaluation carries: the parameters, and the state where the method carries one. */
export interface EvaluationCarry {
  readonly params: any;
  readonly state: any;
}

export const firstEvaluation = (options: Scored, params: any, rows: number): EvaluationCarry => ({
  params,
  state: options.method?.carries ? options.model.state(params, rows) : {},
});

/**
 * Loss and metrics of a batch, without learning: (carry, batch) → [next carry, their parts], those
 * of all shards where there are several.
 */
export function evaluationStep(options: Scored, metrics: readonly Metric[] = [], shards = 1) {
  const { model, loss, method = bptt() } = options;
  return (carry: EvaluationCarry, batch: Fed): [EvaluationCarry, Evaluated] => {
    const lesson = { model, loss, batch, key: undefined };
    const entering = method.carries ? beginning(lesson, carry.params, carry.state) : undefined;
    const { output, mask, mean, state } = forward(lesson, carry.params, entering, false);
    const found = metrics.map((m) => m.parts(output, batch.targets, mask));
    const next = { params: carry.params, state: method.carries ? state : {} };
    const parts = { loss: mean, metrics: found };
    return [next, shards > 1 ? allReduce(parts) : parts];
  };
}

/** How the arguments and results of an evaluation are spread over shards. */
export const evaluationShards = (count: number): Shards => ({
  count,
  inputs: [{ params: null, state: 0 }, 0],
  outputs: null,
});

/** A compiled evaluation that is used again and again. */
export type Evaluator = (
  params: any,
  data: DataSource | Batches,
  epoch?: number,
) => Promise<Evaluation>;

/** Compile once, evaluate often. */
export function evaluator(options: EvaluateOptions): Evaluator {
  const { model, loss, method = bptt(), metrics = [], shards = 1, ...jit } = options;
  checkKinds("evaluate", { model, loss, method });
  for (const metric of metrics) checkKinds("evaluate", { metrics: metric });
  const step = { model, loss, method };
  let program: Resident<EvaluationCarry, Evaluated> | undefined;
  let rows = 0;
  let classes: number | undefined;

  const begin = (params: any, fed: Fed) => {
    if (!program) {
      rows = rowsFor(fed.inputs.shape[0], shards);
      const first = firstEvaluation(step, params, rows);
      const several = shards > 1 ? { shards: evaluationShards(shards) } : {};
      program = resident(evaluationStep(step, metrics, shards), first, { ...jit, ...several });
      if (loss.target === "label") classes = classesOf(step, params, fed);
    } else program.write(firstEvaluation(step, params, rows));
    return program;
  };

  return async (params, data, epoch = 0) => {
    const totals = [{ sum: 0, count: 0 }, ...metrics.map(() => ({ sum: 0, count: 0 }))];
    const pause = pacer();
    let started = false;
    for await (const batch of sourceOf("evaluate, data", data).batches(epoch)) {
      const fed = feed(batch, loss.target);
      checkInputs(model, fed);
      if (!started) begin(params, fed);
      started = true;
      if (classes !== undefined) checkLabels(fed, classes, loss.ignore);
      const padded = padRows(fed, rows);
      for (const part of method.window ? windows(padded, method.window) : [padded]) {
        await prepareThreads(shards - 1);
        const out = program!.call(part);
        addUp(totals, [out.loss, ...out.metrics]);
        await pause();
      }
    }
    if (!started) fail("no-batches", { what: "The data", epoch });
    const [mean, ...rest] = totals.map(({ sum, count }) => sum / count);
    const shown = metrics.map((metric, i) => [metric.name, metric.finish(rest[i])] as const);
    return { loss: mean, metrics: Object.fromEntries(shown) };
  };
}

function addUp(totals: { sum: number; count: number }[], means: readonly Mean[]): void {
  means.forEach((mean, i) => {
    totals[i].sum += mean.sum.item();
    totals[i].count += mean.count.item();
  });
}

/** Loss and metrics of a model on data. @throws "no-batches", "label-range", "bad-argument" */
export const evaluate = (
  options: EvaluateOptions & { params: any; data: DataSource | Batches },
): Promise<Evaluation> => {
  const { params, data, ...rest } = options;
  return evaluator(rest)(params, data);
};
