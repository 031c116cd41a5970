/** Dropout between layers: in training, parts of the signal are left out at random. */

import { checkRate } from "../cells/stack.ts";
import { fail } from "../errors/layers.ts";
import { checkOptions } from "../errors.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { map } from "../ops/map.ts";
import * as random from "../ops/random.ts";
import { constant, less, mul, select, slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Layer, type Nothing, needsFloat } from "./layer.ts";

export interface DropoutOptions {
  /**
   * One mask for all moments of a sequence: variational dropout. A new one each moment by
   * default.
   */
  readonly sameInTime?: boolean;
}

/**
 * In training y = x ∘ m / (1 − rate), where m is 0 with probability `rate` and 1 otherwise; y = x
 * elsewhere. It needs a key: model.apply(params, x, { train: true, key }).
 * Source: Srivastava et al. 2014, JMLR 15:1929; in time: Gal and Ghahramani 2016, arXiv:1512.05287.
 */
export function dropout(rate: number, options: DropoutOptions = {}): Layer<Nothing> {
  checkOptions("dropout", options, ["sameInTime"]);
  checkRate("dropout: rate", rate);
  const name = `dropout(${rate})`;
  return {
    kind: "dropout",
    name,
    input: undefined,
    keepsShape: true,
    draws: rate > 0,
    wholeOnly: undefined,
    plan(flow) {
      needsFloat(name, flow);
      return { params: {}, state: {}, output: flow };
    },
    start: () => ({}),
    whole(_, x, { train, key }) {
      if (!train || rate === 0) return { output: x, state: {} };
      if (!key) fail("key-missing", { what: name });
      return { output: drop(x, key, rate, options.sameInTime ?? false), state: {} };
    },
    moment: (_, state, x) => ({ output: x, state }),
  };
}

/** Without time, [batch, …] has one moment, so one mask for all moments is one for each. */
function drop(x: Tensor, key: Tensor, rate: number, sameInTime: boolean): Tensor {
  const all = lettersOfRank(x.rank);
  const fixed = sameInTime && x.rank > 2;
  const own = fixed ? all[0] + all.slice(2) : all;
  const shape = fixed ? x.shape.toSpliced(1, 1) : x.shape;
  const dtype = x.dtype === "float64" ? "float64" : "float32";
  const noise = random.uniform(key, shape, { dtype });
  const body = select(less(slot(1), rate), constant(0), mul(slot(0), 1 / (1 - rate)));
  return map(`${all},${own}->${all}`, body, [x, noise], { name: "dropout" });
}
