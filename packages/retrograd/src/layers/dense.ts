/** A product with a matrix, in every moment. */

import { activate, checkActivation } from "../cells/activation.ts";
import { wholeNumber } from "../cells/cell.ts";
import { type Initial, init } from "../cells/init.ts";
import { checkOptions } from "../errors.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { featuresOf, inputOption, type Layer, needsFloat, pointwise } from "./layer.ts";

export interface DenseOptions {
  /** The name of an activation, such as "relu"; "linear" by default. */
  readonly activation?: string;
  readonly bias?: boolean;
  /** Size of the input, where the model cannot tell it. */
  readonly input?: number;
  /** First value of W; Glorot's uniform law by default. */
  readonly init?: (shape: Shape) => Initial;
}

/**
 * y = f(x W + b)
 * Shapes: x [batch, time, in] or [batch, in]; W [in, size], b [size].
 * Checked: against the same in map, and through models held against PyTorch's.
 */
export function dense(size: number, options: DenseOptions = {}): Layer<{ W: Tensor; b?: Tensor }> {
  checkOptions("dense", options, ["activation", "bias", "input", "init"]);
  const { activation = "linear", bias = true, input, init: law = init.glorot } = options;
  wholeNumber("dense: size", size);
  if (activation !== "linear") checkActivation(activation);
  const name = `dense(${size})`;
  return pointwise({
    kind: "dense",
    name,
    input: inputOption(input),
    plan(flow) {
      needsFloat(name, flow);
      const features = featuresOf(name, flow, input);
      const b = bias ? { b: init.zeros([size]) } : {};
      return {
        params: { W: law([features, size]), ...b },
        output: { ...flow, shape: [...flow.shape.slice(0, -1), size] },
      };
    },
    apply({ W, b }, x) {
      const y = x.dot(W);
      return activate(activation, b ? y.add(b) : y);
    },
  });
}
