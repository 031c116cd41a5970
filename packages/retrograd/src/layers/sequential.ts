/** Layers one after the other, each named in errors by its place. */

import { fail } from "../errors/layers.ts";
import { within } from "../errors.ts";
import * as random from "../ops/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Layer, learningOf } from "./layer.ts";
import { type Model, modelOf } from "./model.ts";

/** Parameters of a list of layers: one entry for each. */
export type ParamsOf<L extends readonly Layer[]> = {
  -readonly [K in keyof L]: L[K] extends Layer<infer P> ? P : never;
};

/** The layers of a sequential, for tables and for reading weights. */
export interface Sequential<P = any> extends Layer<P> {
  readonly kind: "sequential";
  readonly layers: readonly Layer[];
}

/**
 * A model of layers, each of which reads what the one before gives. Params and state are arrays
 * with an entry for each layer, empty ones included.
 *
 *   const model = sequential(embedding(128, 64), unroll(lstm({ size: 256 })), dense(128));
 *
 * A sequential may be a layer of another one.
 */
export function sequential<const L extends readonly Layer[]>(
  ...layers: L
): Model<ParamsOf<L>> & Sequential<ParamsOf<L>> {
  if (layers.length === 0)
    fail("bad-argument", {
      where: "sequential",
      given: "no layers",
      expected: "at least one layer",
    });
  layers.forEach((layer, k) => {
    if (typeof layer?.plan !== "function")
      fail("bad-argument", {
        where: `sequential: layer ${k}`,
        given: typeof layer === "function" ? "a function" : isStep(layer) ? "a cell" : `${layer}`,
        expected: isStep(layer) ? "a layer: unroll(cell)" : "a layer, such as dense(8)",
      });
  });
  return modelOf(chain(layers));
}

const isStep = (x: unknown): boolean =>
  typeof (x as { step?: unknown } | null)?.step === "function";

const placed = <T>(k: number, f: () => T): T => within(`layer ${k} of sequential`, f);

function chain(layers: readonly Layer[]): Sequential {
  const whole = layers.findIndex((layer) => layer.wholeOnly !== undefined);
  return {
    kind: "sequential",
    name: `sequential(${layers.map((layer) => layer.name).join(", ")})`,
    layers,
    input: layers.find((layer) => layer.input ?? !layer.keepsShape)?.input,
    keepsShape: layers.every((layer) => layer.keepsShape),
    draws: layers.some((layer) => layer.draws),
    skip: Math.max(1, ...layers.map((layer) => layer.skip ?? 1)),
    wholeOnly: whole < 0 ? undefined : layers[whole].wholeOnly,
    plan(input, float) {
      let flow = input;
      const plans = layers.map((layer, k) => {
        const plan = placed(k, () => layer.plan(flow, float));
        flow = plan.output;
        return plan;
      });
      return {
        params: plans.map(({ params }) => params),
        state: plans.map(({ state }) => state),
        output: flow,
        plans,
      };
    },
    ...(layers.some((layer) => layer.learning) && {
      learning: (params) => layers.map((layer, k) => learningOf(layer, params[k])),
    }),
    check: layers[0].check && ((x, valid) => placed(0, () => layers[0].check!(x, valid))),
    start: (params, plan, batch) =>
      layers.map((layer, k) => layer.start(params[k], plan.plans![k], batch)),
    whole(params, x, { state, key, ...context }) {
      let output: Tensor = x;
      const next = layers.map((layer, k) => {
        const own = layer.draws && key ? random.fold(key, k) : undefined;
        const ran = placed(k, () =>
          layer.whole(params[k], output, { ...context, state: state[k], key: own }),
        );
        output = ran.output;
        return ran.state;
      });
      return { output, state: next };
    },
    moment(params, state, x) {
      let output: Tensor = x;
      const next = layers.map((layer, k) => {
        const ran = placed(k, () => layer.moment(params[k], state[k], output));
        output = ran.output;
        return ran.state;
      });
      return { output, state: next };
    },
  };
}
