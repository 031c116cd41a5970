/** Evaluation: loss and metrics of a model over a source of data, exact over all its batches. */
import { fail } from "../errors/training.ts";
import { type JitOptions, type Resident, resident } from "../jit/jit.ts";
import {
  type Batches,
  checkLabels,
  type DataSource,
  type Fed,
  feed,
  padRows,
  sourceOf,
} from "./batch.ts";
import { beginning } from "./beginning.ts";
import type { Loss, Mean } from "./losses/loss.ts";
import { forward, type Method, type Trainable } from "./method.ts";
import { bptt } from "./methods/bptt.ts";
import type { Metric } from "./metrics.ts";
import { pacer } from "./pause.ts";
import { classesOf, type Scored } from "./step.ts";

export interface EvaluateOptions extends JitOptions {
  model: Trainable;
  loss: Loss;
  method?: Method;
  metrics?: readonly Metric[];
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

/** Loss and metrics of a batch, without learning: (carry, batch) → [next carry, their parts]. */
export function evaluationStep(options: Scored, metrics: readonly Metric[] = []) {
  const { model, loss, method = bptt() } = options;
  return (carry: EvaluationCarry, batch: Fed): [EvaluationCarry, Evaluated] => {
    const lesson = { model, loss, batch, key: undefined };
    const entering = method.carries ? beginning(lesson, carry.params, carry.state) : undefined;
    const { output, mask, mean, state } = forward(lesson, carry.params, entering, false);
    const found = metrics.map((m) => m.parts(output, batch.targets, mask));
    const next = { params: carry.params, state: method.carries ? state : {} };
    return [next, { loss: mean, metrics: found }];
  };
}

/** A compiled evaluation that is used again and again. */
export type Evaluator = (
  params: any,
  data: DataSource | Batches,
  epoch?: number,
) => Promise<Evaluation>;

/** Compile once, evaluate often. */
export function evaluator(options: EvaluateOptions): Evaluator {
  const { model, loss, method = bptt(), metrics = [], ...jit } = options;
  const step = { model, loss, method };
  let program: Resident<EvaluationCarry, Evaluated> | undefined;
  let rows = 0;
  let classes: number | undefined;

  const begin = (params: any, fed: Fed) => {
    if (!program) {
      rows = fed.inputs.shape[0];
      const first = firstEvaluation(step, params, rows);
      program = resident(evaluationStep(step, metrics), first, jit);
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
      if (!started) begin(params, fed);
      started = true;
      if (classes !== undefined) checkLabels(fed, classes, loss.ignore);
      const padded = padRows(fed, rows);
      for (const window of method.cut?.(padded) ?? [padded]) {
        const out = program!.call(window);
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
