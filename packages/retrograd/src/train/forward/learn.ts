/**
 * Learning as time goes on: state and influence are carried from moment to moment, and the loss of
 * each moment is credited at once. Nothing of the past is kept, so memory does not grow with the
 * sequence.
 */
import { fail } from "../../errors/training.ts";
import { maskOfLengths } from "../../loops/mask.ts";
import { scan } from "../../loops/scanTree.ts";
import { broadcastTo } from "../../ops/broadcast.ts";
import { zeros } from "../../ops/creation.ts";
import { reshapeTo } from "../../ops/reshape.ts";
import { swapAxes } from "../../ops/shape.ts";
import type { DType } from "../../scalar/dtype.ts";
import { trace } from "../../tensor/graph.ts";
import { placeholder, showType, type Tensor, tensor } from "../../tensor/tensor.ts";
import { flatten, mapTree, rebuild } from "../../tensor/tree.ts";
import { batch as batched } from "../../transform/batched.ts";
import { callGraph } from "../../transform/function.ts";
import { meanOf } from "../losses/loss.ts";
import { type Learned, type Lesson, type Trainable, validMask } from "../method.ts";
import { choose } from "../pointwise.ts";
import type { Blocks, Influence } from "./influence.ts";
import { type Moment, traceMoment } from "./moment.ts";
import { rowStep, type Shown } from "./row.ts";

/** What tells one way of keeping influence from another. */
export interface Rule {
  readonly name: string;
  /** @throws where this model does not allow it */
  influence(moment: Moment, rows: number): Influence;
  /** Seed of fixed random weights that carry the error back to the state. */
  readonly feedback?: number;
}

/** What goes on from window to window: the state, and blocks [rows, lead, parameter, unit]. */
export interface Carried {
  readonly state: any;
  readonly blocks: Blocks;
}

/** The model's first state, and how it depends on the parameters. */
export function firstCarried(rule: Rule, model: Trainable, params: any, rows: number): Carried {
  const influence = rule.influence(traceMoment(rule.name, model, params), rows);
  let blocks: Blocks = [];
  const begin = (...given: Tensor[]) => {
    blocks = influence.begin(given);
    return blocks.flat();
  };
  const leaves = flatten(params);
  const graph = trace(leaves, begin);
  blocks = rebuild(blocks, callGraph(graph, leaves));
  const everyRow = (t: Tensor) => broadcastTo(t, [rows, ...t.shape]);
  return { state: model.state(params, rows), blocks: mapTree(blocks, everyRow) };
}

/**
 * Loss and gradient of a batch, moment by moment.
 * @param carried  the state and influence to begin from
 * @returns        with the same of the end as `state`
 * @throws "bad-argument" unless there is a target at every moment
 */
export function learnForward(rule: Rule, lesson: Lesson, params: any, carried: Carried): Learned {
  const { inputs, targets, lengths } = lesson.batch;
  const [rows, time] = inputs.shape;
  if (targets.rank < 2 || targets.shape[1] !== time)
    fail("bad-argument", {
      where: rule.name,
      given: `targets ${showType(targets)}`,
      expected: `a target at every moment, [${rows}, ${time}, …]`,
    });
  const moment = traceMoment(rule.name, lesson.model, params);
  const row = rowStep(moment, rule.influence(moment, rows), lesson.loss, rule.feedback);
  const everyRow = batched(row, { axes: [null, 0, 0] });
  const leaves = flatten(params);
  const none = (shape: readonly number[]) => zeros(shape, { dtype: leaves[0].dtype });
  const begin = {
    past: { state: flatten(carried.state), blocks: carried.blocks },
    grads: leaves.map((t) => zeros(t.shape, { dtype: t.dtype })),
    sum: none([]),
    count: none([]),
  };
  const series = mapTree(
    { x: inputs, y: targets, w: weightsOf(lesson, leaves[0].dtype) },
    (t: Tensor) => swapAxes(t, 0, 1),
  ) as Shown;
  const valid = lengths && maskOfLengths(lengths, time);
  const step = (
    { past, grads, sum, count }: typeof begin,
    { shown, valid: here }: { shown: Shown; valid: Tensor | undefined },
    shared: readonly Tensor[],
  ) => {
    const now = everyRow(shared, past, shown);
    const next = { state: now.state, blocks: now.blocks };
    return {
      state: {
        past: here ? choose("hold", here, next, past) : next,
        grads: grads.map((g, k) => g.add(now.grads[k].sum(0))),
        sum: sum.add(now.sum.sum(0)),
        count: count.add(now.count.sum(0)),
      },
    };
  };
  const { state: end } = scan(step, begin, { shown: series, valid }, leaves);
  const mean = { sum: end.sum, count: end.count };
  const share = meanOf({ sum: tensor(1, { dtype: mean.count.dtype }), count: mean.count });
  return {
    mean,
    grads: rebuild(
      params,
      end.grads.map((g) => g.mul(share)),
    ),
    state: { state: rebuild(carried.state, end.past.state), blocks: end.past.blocks },
  };
}

/** The weight of every target, [rows, time, …]; nothing beyond the length of a row. */
function weightsOf({ batch }: Lesson, dtype: DType): Tensor | undefined {
  const [rows, time] = batch.inputs.shape;
  // A model that is run moment by moment says something at each.
  const mask = validMask(batch, placeholder({ shape: [rows, time, 1], dtype }));
  return mask && mask.rank === 1 ? broadcastTo(reshapeTo(mask, [rows, 1]), [rows, time]) : mask;
}
