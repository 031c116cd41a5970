/**
 * Clipping: a gradient that is too long is shortened before the optimizer sees it. It is part of
 * the compiled step; one that learns what "too long" means carries its state there.
 */
import { fail } from "../errors/training.ts";
import { checkOptions } from "../errors.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { map } from "../ops/map.ts";
import {
  add,
  clip,
  constant,
  div,
  type Expr,
  greater,
  less,
  max,
  min,
  mul,
  select,
  slot,
  sqrt,
  square,
  sub,
} from "../scalar/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { as, each, zip } from "./pointwise.ts";
import { checkSettings } from "./settings.ts";

export interface Clip {
  readonly name: string;
  /** What it remembers before the first step: a tree. */
  init(): any;
  /**
   * @param norm    global norm of the gradients, a scalar
   * @param params  what the gradients are of
   * @returns       gradients to use, and the next state
   */
  apply(grads: any, norm: Tensor, state: any, params: any): { grads: any; state: any };
}

/** What `clip` of train takes: at most one of them. */
export interface ClipOptions {
  /** Longest global norm. */
  norm?: number;
  /** Largest size of each number of the gradient. */
  value?: number;
  /** Shorten norms that stand out from the recent ones. */
  zscore?: ZClipOptions | true;
  /** Longest gradient of each unit, as a share of how long its weights are. */
  adaptive?: number;
}
export interface ZClipOptions {
  /** Standard deviations above the mean that are borne. */
  threshold?: number;
  /** Share of the running mean and variance that is kept at each step. */
  decay?: number;
  /** First steps, which only measure. */
  warmUp?: number;
}

/** The clip that options ask for. @throws "unknown-option", "bad-argument" */
export function clipping(options: ClipOptions | Clip = {}): Clip {
  if (typeof options === "object" && options && "apply" in options) return options;
  checkOptions("clip", options, ["norm", "value", "zscore", "adaptive"]);
  const given = Object.entries(options).filter(([, v]) => v !== undefined);
  if (given.length > 1)
    fail("bad-argument", {
      where: "clip",
      given: given.map(([name]) => name).join(" and "),
      expected: "one of norm, value, zscore and adaptive",
    });
  if (options.norm !== undefined) return clipNorm(options.norm);
  if (options.value !== undefined) return clipValue(options.value);
  if (options.adaptive !== undefined) return adaptiveClip(options.adaptive);
  return options.zscore ? zclip(options.zscore === true ? {} : options.zscore) : noClip;
}

const noClip: Clip = {
  name: "none",
  init: () => ({}),
  apply: (grads, _, state) => ({ grads, state }),
};

const scaled = (grads: any, factor: Tensor): any =>
  zip(grads, ([g]) => each("clip", mul(slot(0), slot(1)), g, as(factor, g.dtype)));

/**
 * The whole gradient is shortened to `limit`, in its own direction.
 *   g · min(1, limit/(‖g‖ + 10⁻⁶))
 * Source: Pascanu et al. 2013, arXiv:1211.5063, algorithm 1; the small number as in PyTorch.
 */
export function clipNorm(limit: number): Clip {
  checkSettings("clip", { norm: limit }, "a number above 0");
  return {
    name: `norm ${limit}`,
    init: () => ({}),
    apply: (grads, norm, state) => {
      const factor = min(div(limit, add(slot(0), 1e-6)), 1);
      return { grads: scaled(grads, each("clip factor", factor, norm)), state };
    },
  };
}

/** Each number of the gradient is held within ±limit. */
export function clipValue(limit: number): Clip {
  checkSettings("clip", { value: limit }, "a number above 0");
  const held = clip(slot(0), -limit, limit);
  return {
    name: `value ${limit}`,
    init: () => ({}),
    apply: (grads, _, state) => ({ grads: zip(grads, ([g]) => each("clip", held, g)), state }),
  };
}

/** Weights count as at least so long, so that those which begin at zero can move. */
const LEAST = 1e-3;
/** Instead of a gradient of zero, which needs no factor. */
const TINY = 1e-30;

/**
 * The gradient of each unit is shortened to a share of the norm of the unit's weights.
 *   gᵤ · min(1, λ max(‖wᵤ‖, 10⁻³)/‖gᵤ‖)
 * A unit is what one output is made of: the first axis of a matrix [input, …units] is summed over;
 * each number of a bias is a unit of its own. 0.01 … 0.1 are common.
 * @param limit  λ
 * Source: Brock et al. 2021, arXiv:2102.06171, equation 3, with its ε.
 * Checked: against a loop over numbers; far below the limit nothing changes.
 */
export function adaptiveClip(limit: number): Clip {
  checkSettings("clip", { adaptive: limit }, "a number above 0");
  return {
    name: `adaptive ${limit}`,
    init: () => ({}),
    apply: (grads, _, state, params) => ({
      grads: zip(grads, ([g, w]) => shortened(g, w, limit), params),
      state,
    }),
  };
}

function shortened(g: Tensor, w: Tensor, limit: number): Tensor {
  const all = lettersOfRank(g.rank);
  const units = g.rank > 1 ? all.slice(1) : all;
  const norm = (t: Tensor) =>
    map(`${all}->${units}`, mul(slot(0), slot(0)), [t], { name: "squares of a unit" });
  const longest = mul(limit, max(sqrt(slot(2)), LEAST));
  const factor = min(div(longest, max(sqrt(slot(1)), TINY)), constant(1));
  return map(`${all},${units},${units}->${all}`, mul(slot(0), factor), [g, norm(g), norm(w)], {
    name: "clip",
  });
}

/**
 * A norm that stands out from the running mean μ and deviation σ of recent ones is drawn back.
 *   z = (n − μ)/σ    n* = μ + σ·threshold²/z   where z > threshold, else n
 *   μ' = d μ + (1 − d) n*    σ²' = d σ² + (1 − d)(n* − μ')²
 * The first `warmUp` steps are not clipped; μ and σ² start as their mean and variance.
 * Source: Kumar et al. 2025, arXiv:2504.02507, algorithm 1 (ZClip).
 */
export function zclip(options: ZClipOptions = {}): Clip {
  checkOptions("clip: zscore", options, ["threshold", "decay", "warmUp"]);
  const { threshold = 2.5, decay = 0.97, warmUp = 25 } = options;
  const above = { "zscore threshold": threshold, "zscore warmUp": warmUp };
  checkSettings("clip", above, "a number above 0");
  checkSettings("clip", { decay }, "a number in [0, 1)");
  const [norm, mean, variance, count] = [slot(0), slot(1), slot(2), slot(3)];
  const warm = less(count, warmUp);
  const deviation = sqrt(variance);
  const excess = sub(norm, mean);
  const drawn = add(mean, div(mul(variance, threshold ** 2), max(excess, 1e-30)));
  const high = greater(excess, mul(deviation, threshold));
  const kept = select(warm, norm, select(high, drawn, norm));
  return {
    name: `zscore (threshold ${threshold}, decay ${decay}, warmUp ${warmUp})`,
    init: () => ({ mean: tensor(0), variance: tensor(0), count: tensor(0) }),
    apply(grads, given, state) {
      const now = as(given, "float32");
      const seen = [state.mean, state.variance, state.count];
      const used = each("zclip", kept, now, ...seen);
      const next = running(used, seen, decay, warm);
      const ratio = select(greater(slot(1), 0), div(slot(0), slot(1)), 1);
      return { grads: scaled(grads, each("clip factor", ratio, used, now)), state: next };
    },
  };
}

/** Mean and variance after one more norm: of all so far while warming up, then exponential. */
function running(norm: Tensor, seen: readonly Tensor[], decay: number, warm: Expr) {
  const [n, mean, variance, count] = [slot(0), slot(1), slot(2), slot(3)];
  const blend = (old: Expr, now: Expr) => add(mul(old, decay), mul(now, 1 - decay));
  const share = div(1, add(count, 1));
  const mean2 = select(warm, add(mean, mul(sub(n, mean), share)), blend(mean, n));
  const moved = sub(n, slot(4));
  const spread = add(variance, mul(sub(mul(sub(n, mean), moved), variance), share));
  const nextMean = each("running mean", mean2, norm, ...seen);
  const variance2 = select(warm, spread, blend(variance, square(moved)));
  return {
    mean: nextMean,
    variance: each("running variance", variance2, norm, ...seen, nextMean),
    count: each("count", add(slot(0), 1), seen[2]),
  };
}
