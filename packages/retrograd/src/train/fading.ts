/**
 * What of a loss reaches the states before it. A zero is added to the state that enters each step;
 * the gradient by those zeros is what is asked for, and one way back gives all of it. Nothing is
 * asked of a model but that it carries its state.
 */
import { jit, type TargetName } from "../jit/jit.ts";
import { scan } from "../loops/scanTree.ts";
import { zeros } from "../ops/creation.ts";
import { plus } from "../ops/map.ts";
import { at, part } from "../ops/slicing.ts";
import { isFloat } from "../scalar/dtype.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { flatten, rebuild } from "../tensor/tree.ts";
import { grad } from "../transform/derivatives.ts";
import type { Fed } from "./batch.ts";
import type { Decay } from "./decay.ts";
import { type Loss, meanOf } from "./losses/loss.ts";
import { forward, type Lesson, type Trainable } from "./method.ts";
import { lessonOn, pieceAt, pieces } from "./pieces.ts";

/**
 * The gradient of the loss at step `steps` of a batch by the state that enters each of them.
 * @param steps  at least 2, at most those of the batch, which has targets at every step
 * @returns a function, so that it is compiled once for batches of one shape
 */
export function fadingOf(model: Trainable, loss: Loss, steps: number, target?: TargetName) {
  const last = steps - 1;
  const lossAtEnd = (probes: readonly Tensor[], params: any, batch: Fed): Tensor => {
    const lesson: Lesson = { model, loss, batch, key: undefined };
    const on = (segment: Tensor, piece: any) => lessonOn(lesson, { segment, piece }, 1, 1);
    const step = (state: any, { segment, piece, probe }: any) => {
      const { inputs, lengths } = on(segment, piece).batch;
      const given = { state: moved(state, probe), lengths, train: false };
      return { state: model.run(params, inputs, given).state };
    };
    const { state } = scan(step, model.state(params, batch.inputs.shape[0]), {
      segment: tensor(Int32Array.from({ length: last }, (_, k) => k)),
      piece: pieces(batch, true, 0, last, 1),
      probe: probes.map((probe) => part(probe, 0, 0, last)),
    });
    const end = on(tensor(last, { dtype: "int32" }), pieceAt(batch, true, last, 1));
    const entering = moved(
      state,
      probes.map((probe) => at(probe, last)),
    );
    return meanOf(forward(end, params, entering, false).mean);
  };
  const slopes = jit(grad(lossAtEnd), { target });
  return (params: any, batch: Fed): Decay => {
    const entering = floats(model.state(params, batch.inputs.shape[0]));
    const probes = entering.map(({ shape, dtype }) => zeros([steps, ...shape], { dtype }));
    return decayOf(slopes(probes, params, batch) as Tensor[]);
  };
}

const floats = (state: any): Tensor[] => flatten(state).filter((t) => isFloat(t.dtype));

/** A state with a probe added to each of its float tensors. */
function moved(state: any, probes: readonly Tensor[]): any {
  let k = 0;
  return rebuild(
    state,
    flatten(state).map((t) => (isFloat(t.dtype) ? plus(t, probes[k++]) : t)),
  );
}

/** Slopes [steps, rows, …] by the states that enter each step, told from the last one back. */
function decayOf(slopes: readonly Tensor[]): Decay {
  const [steps, rows] = slopes[0].shape;
  const total = slopes.map(({ size }) => new Float64Array(size / steps / rows));
  const backwards = Array.from({ length: steps }, (_, k) => steps - 1 - k);
  const seen = backwards.map((t) => {
    const squares = new Float64Array(rows);
    for (const [leaf, { data }] of slopes.entries()) {
      const own = total[leaf];
      for (let i = 0; i < rows * own.length; i++) {
        const x = data[t * rows * own.length + i] as number;
        squares[Math.floor(i / own.length)] += x * x;
        own[i % own.length] += x / rows;
      }
    }
    const square = total.reduce((sum, own) => own.reduce((s, x) => s + x * x, sum), 0);
    return {
      norm: squares.reduce((sum, s) => sum + Math.sqrt(s), 0) / rows,
      sum: Math.sqrt(square),
    };
  });
  return { norms: seen.map(({ norm }) => norm), sums: seen.map(({ sum }) => sum) };
}
