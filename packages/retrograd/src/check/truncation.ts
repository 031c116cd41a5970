/**
 * How far back the gradient must go. Truncated backpropagation drops every path that crosses the
 * border of a window; what that costs is measured on the model as it is, with its own data.
 */
import { fail } from "../errors/training.ts";
import { jit, type TargetName } from "../jit/jit.ts";
import { targetNamed } from "../jit/target.ts";
import { filled } from "../ops/map.ts";
import { inline } from "../tensor/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { flatten, rebuild } from "../tensor/tree.ts";
import { type Batch, type Fed, feed } from "../train/batch.ts";
import type { Loss } from "../train/losses/loss.ts";
import { meanOf } from "../train/losses/loss.ts";
import { forward, type Trainable } from "../train/method.ts";
import { orZeros, traceTree } from "../transform/function.ts";
import { cotangents } from "../transform/vjp.ts";
import { type Interval, intervalOf } from "./interval.ts";
import { loopsOf, truncatedAt } from "./loops.ts";

export interface TruncationOptions {
  readonly params: any;
  /** Some batches as training sees them; each is one observation. */
  readonly batches: readonly Batch[];
  readonly loss: Loss;
  /** Windows to try; 8, 16, 32, … below the length of the sequences without. */
  readonly windows?: readonly number[];
  /** Relative error of the gradient that is let pass; 0.1. */
  readonly tolerance?: number;
  readonly target?: TargetName;
}

/** What a window of so many steps does to the gradient; intervals hold the mean 19 times in 20. */
export interface WindowReport {
  readonly window: number;
  /** Cosine of the angle between the truncated gradient and the exact one. */
  readonly cosine: Interval;
  /** ‖truncated − exact‖ / ‖exact‖ */
  readonly error: Interval;
  /** The same of the mean gradients: what does not go away with more batches. */
  readonly bias: number;
}

export interface TruncationReport {
  /** Steps of the sequences. */
  readonly time: number;
  readonly batches: number;
  /** By growing window; the last is `time` itself, which cuts nothing. */
  readonly windows: readonly WindowReport[];
  /** The smallest window whose error is below the tolerance, also at the end of its interval. */
  readonly recommended: number;
  readonly sentence: string;
}

/**
 * Compare the gradient of truncated backpropagation with the exact one, window by window.
 *   g = ∂L/∂θ,  g_K the same with the state held fixed where it enters steps K, 2K, …
 * (counted from the end for a model with one output for a sequence, which sees the last window).
 *   cosine = ⟨g_K, g⟩ / ‖g_K‖‖g‖     error = ‖g_K − g‖ / ‖g‖     bias = ‖Σ (g_K − g)‖ / ‖Σ g‖
 * The bias is what was cut: g − g_K = Σ_b (∂s_b/∂θ)ᵀ λ_b over the borders b, where λ_b is the
 * gradient of the losses within the window after b by the state s_b that enters it.
 *
 * @param model  of layers, or one's own: its loops are found in what it traces to
 * @throws "bad-argument" without batches or without a loop, and what tracing the model throws
 * Source: Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490; the relative bias as a measure:
 * Aicher, Foti and Fox 2019, arXiv:1905.07473.
 * Checked: the sum of what was cut, border by border; a linear recurrence in closed form.
 */
export function measureTruncation(model: Trainable, options: TruncationOptions): TruncationReport {
  const { params, batches, loss, tolerance = 0.1 } = options;
  // A few calls are not worth a C compiler.
  const target = options.target ?? (targetNamed("auto").name as TargetName);
  const fed = batches.map((batch) => feed(batch, loss.target));
  if (fed.length === 0) refuse("no batch", "a few batches, as training sees them");
  const [, time] = fed[0].inputs.shape;
  const windows = [...(options.windows ?? doubling(time))].filter((k) => k < time);
  const gradients = (window: number | undefined) => {
    const program = jit((p: any, batch: Fed) => gradientOf(model, loss, p, batch, window), {
      target,
    });
    return fed.map((batch) => numbersOf(program(params, batch)));
  };
  const exact = gradients(undefined);
  const reports = [...windows, time].map((window) =>
    compared(window, window < time ? gradients(window) : exact, exact),
  );
  const enough = reports.find(({ error }) => error.high <= tolerance) ?? reports.at(-1)!;
  const report = { time, batches: fed.length, windows: reports, recommended: enough.window };
  return { ...report, sentence: sentenceOf(report, tolerance) };
}

const refuse = (given: string, expected: string): never =>
  fail("bad-argument", { where: "measureTruncation", given, expected });

function doubling(time: number): number[] {
  const windows: number[] = [];
  for (let k = 8; k < time; k *= 2) windows.push(k);
  return windows.length > 0 ? windows : [1, 2, 4].filter((k) => k < time);
}

/** The mean loss of a batch as a graph of (params…, batch…), and whether it is of every step. */
function lossGraph(model: Trainable, loss: Loss, params: any, batch: Fed) {
  let overTime = false;
  const { graph } = traceTree(
    (p, own: Fed) => {
      const ran = forward({ model, loss, batch: own, key: undefined }, p, undefined, false);
      overTime = ran.output.rank > 2 && ran.output.shape[1] === own.inputs.shape[1];
      return [meanOf(ran.mean)];
    },
    [params, batch],
  );
  return { graph, overTime };
}

/** Whether a model has a loop that can be cut: a form over all moments at once has none. */
export const hasLoop = (
  model: Trainable,
  { params, batches, loss }: TruncationOptions,
): boolean => {
  const [first] = batches;
  if (first === undefined) return false;
  return loopsOf(lossGraph(model, loss, params, feed(first, loss.target)).graph).length > 0;
};

/** ∂L/∂θ of a batch, with loops cut into windows where one is given. */
function gradientOf(model: Trainable, loss: Loss, params: any, batch: Fed, window?: number): any {
  const { graph, overTime } = lossGraph(model, loss, params, batch);
  if (loopsOf(graph).length === 0)
    refuse("a model without a loop through time", "a model with a recurrent layer that is a scan");
  // One output at the end sees the last window: it should be a whole one.
  const own =
    window === undefined ? graph : truncatedAt(graph, window, overTime ? "last" : "first");
  const wrt = own.inputs.slice(0, flatten(params).length);
  const [value] = own.outputs;
  const found = orZeros(cotangents([value], [filled(value, 1)], wrt), wrt);
  return rebuild(params, inline({ inputs: own.inputs, outputs: found }, flatten([params, batch])));
}

const numbersOf = (tree: any): Float64Array =>
  Float64Array.from(flatten(tree).flatMap((t: Tensor) => [...t.data]));

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * b[i], 0);
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - b[i]);
const norm = (x: Float64Array): number => Math.sqrt(dot(x, x));
const total = (rows: readonly Float64Array[]): Float64Array =>
  rows.reduce((a, b) => a.map((x, i) => x + b[i]));
/** 0 / 0 is 0: where there is no gradient nothing of it is lost. */
const share = (part: number, whole: number): number => (part === 0 ? 0 : part / whole);

function compared(
  window: number,
  found: readonly Float64Array[],
  exact: readonly Float64Array[],
): WindowReport {
  const cosine = found.map((g, k) => {
    const lengths = norm(g) * norm(exact[k]);
    return lengths === 0 ? Number(norm(g) === norm(exact[k])) : dot(g, exact[k]) / lengths;
  });
  const error = found.map((g, k) => share(norm(minus(g, exact[k])), norm(exact[k])));
  const bias = share(norm(minus(total(found), total(exact))), norm(total(exact)));
  return { window, cosine: intervalOf(cosine), error: intervalOf(error), bias };
}

const percent = (x: number): string =>
  x < 0.001 ? "less than 0.1 %" : `${x < 0.1 ? (100 * x).toFixed(1) : Math.round(100 * x)} %`;

function sentenceOf(
  { time, windows, recommended }: Omit<TruncationReport, "sentence">,
  tolerance: number,
): string {
  const found = windows.find(({ window }) => window === recommended)!;
  const [shortest] = windows;
  const short = `${shortest.window} would leave an error of ${percent(shortest.error.mean)}`;
  if (recommended === time)
    return `No window shorter than the ${time} steps gives the gradient to ${percent(tolerance)}: ${short}.`;
  const rest = recommended === shortest.window ? "" : `; ${short}`;
  return `Windows of ${recommended} of ${time} steps give the gradient to ${percent(found.error.mean)} (cosine ${found.cosine.mean.toFixed(3)})${rest}.`;
}
