/**
 * A model: a layer with everything a user does with it. Shapes are checked when it is initialised
 * and again when it is applied, so that a mistake is named by its layer and not by an op within.
 */

import { drawTree, type Initial, isInitial } from "../cells/init.ts";
import { checkState } from "../cells/unroll.ts";
import { fail } from "../errors/layers.ts";
import { checkOptions } from "../errors.ts";
import { type JitOptions, jit } from "../jit/jit.ts";
import { map } from "../ops/map.ts";
import { type DType, isFloat } from "../scalar/dtype.ts";
import { index, less, slot } from "../scalar/index.ts";
import {
  type Shape,
  sameShape,
  showShape,
  showType,
  Tensor,
  type Type,
  tensor,
} from "../tensor/tensor.ts";
import { flatten, leavesOf } from "../tensor/tree.ts";
import { inferInput } from "./input.ts";
import { type Flow, flowOf, type Layer, type Plan, type Ran } from "./layer.ts";
import { checkSkip } from "./skip.ts";
import { type Live, stream } from "./stream.ts";

export interface InitOptions {
  /** What one sample is at one moment: so many features, or a shape, or a shape with a dtype. */
  readonly input?: number | Shape | Type;
  /** The float type of the parameters; float32 by default. */
  readonly dtype?: "float32" | "float64";
}

export interface ApplyOptions {
  /** The state before the first moment; by default zeros, or what was learned. */
  readonly state?: any;
  /** How many moments of each sequence are valid: numbers, or int32 [batch]. */
  readonly lengths?: readonly number[] | Tensor;
  /** Which moments are valid: bool [batch, time]. */
  readonly mask?: Tensor;
  /** Whether dropout and zoneout act; true when a key is given. */
  readonly train?: boolean;
  /** For the random numbers of training. */
  readonly key?: Tensor;
}

export interface Model<P = any> extends Layer<P> {
  /** First parameters. @throws "input-unknown", and what the layers find wrong, naming the layer */
  init(key: Tensor, options?: InitOptions): P;
  /** y of x [batch, time, …] */
  apply(params: P, x: Tensor, options?: ApplyOptions): Tensor;
  /** The same with the state after the last moment, from which the next chunk goes on. */
  run(params: P, x: Tensor, options?: ApplyOptions): Ran;
  /** The state before the first moment. */
  state(params: P, batch: number, options?: InitOptions): any;
  /** What one sample is at one moment, as the layers or the parameters show it. */
  sample(params: P): Type;
  /** One moment at a time, for one sample. @throws "cannot-stream" */
  stream(params: P, options?: JitOptions): Live;
}

const told: readonly (keyof ApplyOptions)[] = ["state", "lengths", "mask", "train", "key"];

/** Give a layer what users call. */
export function modelOf<P, L extends Layer<P>>(layer: L): Model<P> & L {
  const plans = new Map<string, Plan>();
  const planFor = (flow: Flow, float: DType): Plan => {
    const name = `${showType(flow)} ${flow.time} ${float}`;
    if (!plans.has(name)) plans.set(name, layer.plan(flow, float));
    return plans.get(name)!;
  };
  const inputFor = (params: P | undefined, options: InitOptions): Flow => {
    const flow = inputOf(layer, params, options);
    return flow ?? fail("input-unknown", { what: layer.name });
  };
  // Compiled once per types; inside another trace they become a part of that.
  const compiled = (train: boolean) =>
    jit((params: P, x: Tensor, state: unknown, mask?: Tensor, key?: Tensor) =>
      layer.whole(params, x, { state, mask, train, key }),
    );
  const [applied, trained] = [compiled(false), compiled(true)];
  const model: Omit<Model<P>, keyof Layer> = {
    init(key, options = {}) {
      checkOptions("model.init", options, ["input", "dtype"]);
      const float = options.dtype ?? "float32";
      const { params } = planFor(inputFor(undefined, options), float);
      return drawTree<any>(params, key, float);
    },
    apply: (params, x, options) => model.run(params, x, options).output,
    run(params, x, options = {}) {
      checkOptions("model.apply", options, told);
      checkInput(x);
      const plan = planFor(flowOf(x), floatOf(params, x));
      checkParams(plan, params);
      const [batch, time] = x.shape;
      const mask = maskOf(options, batch, time);
      if (x.isConcrete) layer.check?.(x, mask);
      const { key, train = key !== undefined } = options;
      if (options.state !== undefined)
        checkState("the state of the model", plan.state, options.state, batch);
      else if (train) checkSkip(layer, time);
      const state = options.state ?? layer.start(params, plan, batch);
      return (train ? trained : applied)(params, x, state, mask, key);
    },
    state(params, batch, options = {}) {
      const flow = inputFor(params, options);
      return layer.start(params, planFor(flow, floatOf(params, flow)), batch);
    },
    sample(params) {
      const { shape, dtype } = inputFor(params, {});
      return { shape, dtype };
    },
    stream(params, options = {}) {
      const { wholeOnly: reason } = layer;
      if (reason !== undefined) fail("cannot-stream", { what: layer.name, reason });
      return stream(
        layer,
        params,
        inputOf(layer, params, {}),
        (flow) => {
          const plan = planFor(flow, floatOf(params, flow));
          checkParams(plan, params);
          return plan;
        },
        options,
      );
    },
  };
  return { ...layer, ...model } as Model<P> & L;
}

/** The float type of a model: that of its parameters, or else of its input. */
export function floatOf(params: unknown, x: Type): DType {
  const own = flatten(params).find((t) => isFloat(t.dtype));
  return own?.dtype ?? (isFloat(x.dtype) ? x.dtype : "float32");
}

/** What comes in: as the option says, as the first layer says, or as the parameters show. */
export function inputOf(
  layer: Layer,
  params: unknown,
  { input, dtype }: InitOptions,
): Flow | undefined {
  const float = dtype ?? (params ? floatOf(params, { shape: [], dtype: "float32" }) : "float32");
  const flow = (type: Type): Flow => ({
    shape: type.shape,
    dtype: isFloat(type.dtype) ? float : type.dtype,
    time: true,
  });
  if (typeof input === "number") return flow({ shape: [input], dtype: float });
  if (Array.isArray(input)) return flow({ shape: input, dtype: float });
  if (input !== undefined) return flow(input as Type);
  if (layer.input) return flow(layer.input);
  return params === undefined ? undefined : inferInput(layer, params, float);
}

function checkInput(x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor))
    fail("bad-argument", {
      where: "model.apply",
      given: Array.isArray(x) ? "an array" : String(x),
      expected: "a tensor [batch, time, …]: tensor(values)",
    });
  if (x.rank < 2)
    fail("rank-mismatch", {
      op: "model.apply",
      operand: x.describe(),
      expected: "a tensor [batch, time, …]",
    });
}

/** @throws "params-mismatch" naming the first parameter that does not fit */
export function checkParams(plan: Plan, params: unknown): void {
  const given = new Map(leavesOf<Tensor>(params));
  for (const [name, { shape }] of leavesOf<Initial>(plan.params, isInitial)) {
    const found = given.get(name);
    if (!found || !sameShape(found.shape, shape))
      fail("params-mismatch", {
        name,
        given: found ? showShape(found.shape) : "nothing",
        expected: showShape(shape),
      });
    given.delete(name);
  }
  for (const [name, { shape }] of given)
    fail("params-mismatch", { name, given: showShape(shape), expected: "none of that name" });
}

/** Valid moments, bool [batch, time]. @throws "mask-shape", "bad-argument" */
export function maskOf(
  { lengths, mask }: ApplyOptions,
  batch: number,
  time: number,
): Tensor | undefined {
  if (mask && lengths)
    fail("bad-argument", {
      where: "model.apply",
      given: "lengths and mask",
      expected: "one of the two",
    });
  if (mask && !(mask.dtype === "bool" && sameShape(mask.shape, [batch, time])))
    fail("mask-shape", {
      given: mask instanceof Tensor ? `mask ${showType(mask)}` : "a mask that is no tensor",
      expected: `bool [${batch}, ${time}]`,
    });
  if (!lengths) return mask;
  const own =
    lengths instanceof Tensor ? lengths : tensor(Int32Array.from(lengths), { name: "lengths" });
  const outside =
    own.isConcrete && own.dtype === "int32" && own.data.find((n) => n < 0 || n > time);
  const fits = own.dtype === "int32" && sameShape(own.shape, [batch]);
  if (!fits || typeof outside === "number")
    fail("mask-shape", {
      given: fits ? `the length ${outside}` : `lengths ${showType(own)}`,
      expected: fits ? `0 to ${time} moments` : `int32 [${batch}]`,
    });
  return map("a->ab", less(index("b"), slot(0)), [own], { sizes: { b: time }, name: "valid" });
}
