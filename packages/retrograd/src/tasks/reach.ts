/**
 * How far back the gradient reaches: the norm of ∂L/∂h for the state that enters each time step. A
 * zero is added to every state at every step; the gradient with respect to those zeros is what is
 * asked for, and one backward pass gives all of it.
 */
import type { Cell } from "../cells/cell.ts";
import { throughTime } from "../cells/unroll.ts";
import { jit, type TargetName } from "../jit/jit.ts";
import type { Layer, Plan } from "../layers/layer.ts";
import { flowOf } from "../layers/layer.ts";
import { zeros } from "../ops/creation.ts";
import { add } from "../ops/elementwise.ts";
import { swapAxes } from "../ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { flatten, leavesOf, mapTree, rebuild } from "../tensor/tree.ts";
import { grad } from "../transform/derivatives.ts";
import type { RecurrentModel } from "./learning.ts";

/** Norms of one state of one layer. */
export interface Reach {
  /** Place of the layer, from 0. */
  readonly layer: number;
  /** Name of the state within its cell, such as "h" or "c". */
  readonly state: string;
  /** [time]: mean over the batch of ‖∂L/∂state‖, for the state that enters each step. */
  readonly norms: readonly number[];
}

const isUnroll = (layer: Layer): layer is Layer & { cell: Cell } => layer.kind === "unroll";

/** The cell whose step first adds what stands in the place of its noise to its state. */
const probed = (cell: Cell): Cell => ({
  ...cell,
  parallel: undefined,
  prefers: "sequential",
  step(state, x, params, { noise }) {
    const probes = flatten(noise);
    const moved = flatten(state).map((leaf, i) => add(leaf, probes[i]));
    const context = { train: false, noise: undefined };
    return cell.step(rebuild(state, moved), x, params, context);
  },
});

/**
 * Norm of ∂L/∂state at every time step.
 * @param x     inputs [batch, time, …]
 * @param loss  of the output of the model: a sum over the batch, so that rows do not mix
 */
export function gradientReach(
  model: RecurrentModel,
  params: any,
  x: Tensor,
  loss: (output: Tensor) => Tensor,
  target?: TargetName,
): Reach[] {
  const float = flatten(params)[0].dtype;
  const plan = (model as Layer).plan(flowOf(x), float);
  const [batch, time] = x.shape;
  const probes = model.layers.map((layer: Layer, k: number) =>
    isUnroll(layer) ? probesFor(plan.plans![k], time, batch) : {},
  );
  const total = (own: any, p: any, input: Tensor) => loss(walk(model.layers, plan, p, own, input));
  const slopes = jit(grad(total), { target })(probes, params, x);
  return leavesOf<Tensor>(slopes).map(([path, slope]) => {
    const [layer, ...state] = path.split(".");
    return { layer: Number(layer), state: state.join("."), norms: normsOf(slope) };
  });
}

const probesFor = ({ state }: Plan, time: number, batch: number): any =>
  mapTree(
    state,
    ({ shape, dtype }: any) => zeros([time, batch, ...shape], { dtype }),
    (leaf: any) => Array.isArray(leaf?.shape),
  );

/** The model over a batch, with probes in its recurrent layers. */
function walk(layers: readonly Layer[], plan: Plan, params: any, probes: any, x: Tensor): Tensor {
  let output = x;
  layers.forEach((layer, k) => {
    const state = layer.start(params[k], plan.plans![k], x.shape[0]);
    if (isUnroll(layer)) {
      const xs = swapAxes(output, 0, 1);
      const ran = throughTime(probed(layer.cell), params[k], xs, state, { noise: probes[k] });
      output = swapAxes(ran.outputs, 0, 1);
    } else {
      const context = { state, mask: undefined, train: false, key: undefined };
      output = layer.whole(params[k], output, context).output;
    }
  });
  return output;
}

/** [time, batch, size] → [time]: the norm over size, averaged over the batch. */
function normsOf({ data, shape: [time, batch, ...rest] }: Tensor): number[] {
  const size = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: time }, (_, t) => {
    let sum = 0;
    for (let b = 0; b < batch; b++) {
      let square = 0;
      for (let i = 0; i < size; i++) square += data[(t * batch + b) * size + i] ** 2;
      sum += Math.sqrt(square);
    }
    return sum / batch;
  });
}

/** What the norms say, for the state of a layer through which the gradient reaches furthest. */
export interface ReachSummary {
  readonly layer: number;
  readonly state: string;
  /** Steps back at which the norm is last at least a hundredth of its largest value. */
  readonly steps: number;
  /** Steps in the window. */
  readonly window: number;
  /** Norm at the first step of the window, as a part of the largest. */
  readonly left: number;
  readonly sentence: string;
}

/** How far back the gradient reaches, in a sentence. */
export function describeReach(reaches: readonly Reach[]): ReachSummary {
  const found = reaches.map(({ layer, state, norms }) => {
    const largest = Math.max(...norms);
    const first = norms.findIndex((norm) => norm >= largest / 100);
    return {
      layer,
      state,
      steps: norms.length - first,
      window: norms.length,
      left: norms[0] / largest,
    };
  });
  const best = found.reduce((a, b) =>
    b.steps > a.steps || (b.steps === a.steps && b.left > a.left) ? b : a,
  );
  return { ...best, sentence: sentenceOf(best) };
}

function sentenceOf({ state, steps, window, left }: Omit<ReachSummary, "sentence">): string {
  const through = `through the state ${state}`;
  if (!Number.isFinite(left))
    return "There is no gradient at all: the loss does not depend on the past.";
  if (steps < window)
    return `The gradient reaches ${steps} steps back ${through}: further back than that it is below a hundredth of its largest value, so what happened there was hardly learned from.`;
  const part = left >= 0.1 ? `${Math.round(left * 100)} %` : `${(left * 100).toFixed(1)} %`;
  return `The gradient reaches all ${window} steps back ${through}: at the start of the window it still has ${part} of its largest value. A longer window might show the model more.`;
}
