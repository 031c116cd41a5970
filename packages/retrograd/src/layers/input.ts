/** The input of a model read from its parameters, for weights that come from a file. */
import { type Initial, isInitial } from "../cells/init.ts";
import { RetrogradError } from "../errors.ts";
import type { DType } from "../scalar/dtype.ts";
import { type Shape, sameShape, type Tensor } from "../tensor/tensor.ts";
import { leavesOf } from "../tensor/tree.ts";
import type { Flow, Layer } from "./layer.ts";

/**
 * How many features come in. The layer is asked what it would make of 1 and of 2: the shape that
 * differs says which axis of which parameter grows with the input. One that refuses a single
 * feature is asked about 2 and 3.
 */
export function inferInput(layer: Layer, params: unknown, float: DType): Flow | undefined {
  const given = new Map(leavesOf<Tensor>(params));
  const flow = (features: number): Flow => ({ shape: [features], dtype: float, time: true });
  const shapes = (features: number): [string, Shape][] =>
    leavesOf<Initial>(layer.plan(flow(features), float).params, isInitial).map(
      ([path, { shape }]) => [path, shape],
    );
  const fits = (of: [string, Shape][]) =>
    of.every(([p, s]) => sameShape(s, given.get(p)?.shape ?? []));
  for (const least of [1, 2])
    try {
      const [one, two] = [shapes(least), new Map(shapes(least + 1))];
      for (const [path, shape] of one) {
        const next = two.get(path);
        const axis = shape.findIndex((n, d) => next !== undefined && next[d] !== n);
        const actual = given.get(path)?.shape[axis];
        if (next === undefined || axis < 0 || actual === undefined) continue;
        const features = least + (actual - shape[axis]) / (next[axis] - shape[axis]);
        if (Number.isInteger(features) && features > 0 && fits(shapes(features)))
          return flow(features);
      }
    } catch (error) {
      if (!(error instanceof RetrogradError)) throw error; // a layer that refuses so few
    }
  return undefined;
}
