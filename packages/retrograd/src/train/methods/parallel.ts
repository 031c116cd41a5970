/**
 * parallel: all moments at once. The trajectory of the states is found by rounds of Newton's method
 * instead of step by step, and its gradient by one linear recurrence.
 */
import { fail } from "../../errors/training.ts";
import { checkOptions, oneOf } from "../../errors.ts";
import { parallelScan } from "../../jit/learned.ts";
import { maskOfLengths } from "../../loops/mask.ts";
import type { ParallelScanOptions } from "../../loops/parallelScan.ts";
import { toleranceOf } from "../../loops/solvers.ts";
import { max } from "../../ops/reductions.ts";
import { swapAxes } from "../../ops/shape.ts";
import { at } from "../../ops/slicing.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { flatten, mapTree } from "../../tensor/tree.ts";
import { batch as batched } from "../../transform/batched.ts";
import { whereFound } from "../found.ts";
import { isOverTime, type Lesson, type Method, validMask } from "../method.ts";
import { mustHaveMoments } from "../moments.ts";
import { checkSettings } from "../settings.ts";
import { gradientOf } from "./bptt.ts";

export type ParallelOptions = Omit<ParallelScanOptions, "mask">;

/** What was measured, for those who hope for speed. */
const VERDICT =
  "On one core steps are faster at every length and size that was measured: npm run bench -- deer";

/**
 * bptt by DEER, or quasi-DEER: loss and gradient are the same to the tolerance, for models that run
 * moment by moment and say something at each. Every row has a trajectory of its own; rounds go on
 * until the last of them is found. The work of a round is that of T Jacobians, n × n each, so this
 * is for few units and many lanes.
 *
 * @param options  those of parallelScan: method ("deer", "quasi-deer"), tolerance, rounds
 * @throws "bad-argument" for a model with dropout, one that reads both ways, or one whose loss is
 *   not over time; "rounds-short" where the rounds were not enough; "dtype-mismatch" for a state
 *   that is not floats of one dtype
 * Source: Lim et al. 2023, arXiv:2309.12252; Gonzalez et al. 2024, arXiv:2407.19115.
 * Checked: loss and gradient equal bptt's to 1e-10 in float64, with lengths and learned states.
 */
export function parallel(options: ParallelOptions = {}): Method {
  checkOptions("parallel", options, ["method", "tolerance", "rounds"]);
  const { method = "deer", tolerance, rounds } = options;
  oneOf("parallel: method", method, ["deer", "quasi-deer"]);
  checkSettings("parallel", { tolerance }, "a number above 0");
  checkSettings("parallel", { rounds }, "a whole number above 0");
  return {
    name: "parallel",
    settings: {
      quasi: method === "quasi-deer",
      ...(tolerance !== undefined && { tolerance }),
      ...(rounds !== undefined && { rounds }),
    },
    plan: `parallel: all moments by rounds of Newton's method (${method}). ${VERDICT}`,
    carries: false,
    init: () => ({}),
    learn(lesson, params) {
      const learned = gradientOf(params, (p) => {
        const { state, output, change, limit } = trajectories(lesson, p, options);
        const { loss, batch } = lesson;
        const mean = loss.parts(output, batch.targets, validMask(batch, output));
        return { state, mean: whereFound("trajectory", change, limit, mean) };
      });
      return { ...learned, state: {} };
    },
    /** Row by row, where numbers can be read. */
    blame(lesson, params) {
      const [rows] = lesson.batch.inputs.shape;
      const all = { begin: lesson.model.state(params, rows), row: rowsOf(lesson) };
      for (let k = 0; k < rows; k++) {
        const { begin, row } = mapTree(all, (t: Tensor) => at(t, k));
        alongRow(lesson, params, begin, row, options);
      }
    },
  };
}

/** The trajectory of every row: states at its end, outputs [rows, time, …], the last change. */
function trajectories(lesson: Lesson, params: any, options: ParallelOptions) {
  mustSpeak(lesson, params);
  const first = lesson.model.state(params, lesson.batch.inputs.shape[0]);
  const { state, output, change } = batched(
    (begin: any, row: Row, p: any) => alongRow(lesson, p, begin, row, options),
    { axes: [0, 0, null] },
  )(first, rowsOf(lesson), params);
  const limit = options.tolerance ?? toleranceOf(flatten(first)[0].dtype);
  return { state, output, change: max(change), limit };
}

interface Row {
  readonly inputs: Tensor;
  readonly valid?: Tensor;
}

/** All rows of a batch: [rows, …] of each. */
function rowsOf({ batch: { inputs, lengths } }: Lesson): Row {
  const valid = lengths && swapAxes(maskOfLengths(lengths, inputs.shape[1]), 0, 1);
  return { inputs, ...(valid && { valid }) };
}

function alongRow(
  { model }: Lesson,
  params: any,
  begin: any,
  { inputs, valid }: Row,
  options: ParallelOptions,
) {
  const step = (state: any, x: Tensor, p: any) => model.moment!(p, state, x);
  const how = { ...options, ...(valid && { mask: valid }) };
  const { state, outputs, change } = parallelScan(step, begin, inputs, params, how);
  return { state, output: outputs, change };
}

/** @throws "bad-argument" for a model without moments, or one that speaks at the end alone */
function mustSpeak({ model, batch: { inputs } }: Lesson, params: any): void {
  mustHaveMoments("parallel", model);
  if (!isOverTime(inputs, model.run(params, inputs, { train: false }).output))
    fail("bad-argument", {
      where: "parallel",
      given: "a model that speaks at the end alone",
      expected: "one that says something at every moment",
    });
}
