/**
 * Heads over time: what of a sequence goes on. All but everyStep end the time axis. They carry what
 * they have seen, so that chunks of a sequence, and single moments, give what the whole would.
 */

import { start } from "../cells/unroll.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { full } from "../ops/creation.ts";
import { equal as equals, maximum, where } from "../ops/elementwise.ts";
import { map } from "../ops/map.ts";
import { constant, equal, index, select, slot } from "../scalar/index.ts";
import type { Tensor, Type } from "../tensor/tensor.ts";
import {
  type Flow,
  type Layer,
  type Nothing,
  needsFloat,
  needsTime,
  pointwise,
  type Ran,
} from "./layer.ts";

/** y[t] = x[t]: every moment goes on. The default, for those who want to say it. */
export const everyStep = (): Layer<Nothing> =>
  pointwise({
    kind: "everyStep",
    name: "everyStep()",
    keepsShape: true,
    plan: (flow) => ({ output: flow }),
    apply: (_, x) => x,
  });

interface Head {
  readonly name: string;
  /** What is carried for one sample. */
  state(x: Type): Record<string, Type>;
  start?(x: Type, batch: number | undefined): Record<string, Tensor>;
  /** x [batch, time, …] → y [batch, …] */
  apply(x: Tensor, state: any, mask: Tensor | undefined): Ran;
  moment(x: Tensor, state: any): Ran;
}

/** A head as a layer: the time axis ends here. */
function head({ name, ...own }: Head): Layer<Nothing> {
  const of = (plan: { output: Flow }): Type => ({
    shape: plan.output.shape,
    dtype: plan.output.dtype,
  });
  return {
    kind: name.slice(0, -2),
    name,
    input: undefined,
    keepsShape: true,
    draws: false,
    wholeOnly: undefined,
    plan(flow) {
      needsTime(name, flow);
      needsFloat(name, flow);
      return { params: {}, state: own.state(flow), output: { ...flow, time: false } };
    },
    start: (_, plan, batch) => own.start?.(of(plan), batch) ?? start(plan.state, undefined, batch),
    whole: (_, x, { state, mask }) => own.apply(x, state, mask),
    moment: (_, state, x) => own.moment(x, state),
  };
}

const typeOf = ({ shape, dtype }: Type): Type => ({ shape, dtype });
/** [batch, time] and [batch, time, …] as letters. */
const lettersFor = (x: Tensor): { all: string; out: string } => {
  const all = lettersOfRank(x.rank);
  return { all, out: all[0] + all.slice(2) };
};

/**
 * The last valid moment of each sequence. After a bidirectional cell its backward half has seen
 * that moment alone; the mean or the maximum over time sees all.
 */
export const lastStep = (): Layer<Nothing> =>
  head({
    name: "lastStep()",
    state: (x) => ({ last: typeOf(x) }),
    apply(x, { last }, mask) {
      const { all, out } = lettersFor(x);
      if (!mask) {
        const y = x.slice(null, -1);
        return { output: y, state: { last: y } };
      }
      const found = select(slot(0), index("b"), constant(-1));
      const at = map("ab->a", found, [mask], { reduce: "max", name: "last valid" });
      const chosen = select(equal(slot(0), index("b")), slot(1), constant(0));
      const y = map(`a,${all}->${out}`, chosen, [at, x], { name: "lastStep" });
      const body = select(equal(slot(0), constant(-1)), slot(1), slot(2));
      const kept = map(`a,${out},${out}->${out}`, body, [at, last, y], { name: "lastStep" });
      return { output: kept, state: { last: kept } };
    },
    moment: (x) => ({ output: x, state: { last: x } }),
  });

/** The mean of the valid moments of each sequence, or of all those seen so far. */
export const meanOverTime = (): Layer<Nothing> =>
  head({
    name: "meanOverTime()",
    state: (x) => ({ sum: typeOf(x), count: { shape: [], dtype: x.dtype } }),
    apply(x, { sum, count }, mask) {
      const { all, out } = lettersFor(x);
      const valid = mask
        ? map(`ab,${all}->${out}`, select(slot(0), slot(1), constant(0)), [mask, x])
        : x.sum(1);
      const moments = mask
        ? map("ab->a", select(slot(0), constant(1), constant(0)), [mask], { dtype: x.dtype })
        : full([x.shape[0]], x.shape[1], { dtype: x.dtype });
      const state = { sum: sum.add(valid), count: count.add(moments) };
      return { output: divided(state.sum, state.count, out), state };
    },
    moment(x, { sum, count }) {
      const state = { sum: sum.add(x), count: count.add(1) };
      return { output: state.sum.div(state.count), state };
    },
  });

/** sum / count, and 0 where nothing was counted. */
const divided = (sum: Tensor, count: Tensor, out: string): Tensor =>
  sum.div(count.maximum(1).reshape([count.shape[0], ...Array<number>(out.length - 1).fill(1)]));

/** The largest value of each feature over the valid moments, or over those seen so far. */
export const maxOverTime = (): Layer<Nothing> =>
  head({
    name: "maxOverTime()",
    state: (x) => ({ max: typeOf(x) }),
    start: ({ shape, dtype }, batch) => ({
      max: full(batch === undefined ? shape : [batch, ...shape], -Infinity, { dtype }),
    }),
    apply(x, { max }, mask) {
      const { all, out } = lettersFor(x);
      const body = mask ? select(slot(0), slot(1), constant(-Infinity)) : slot(0);
      const spec = mask ? `ab,${all}->${out}` : `${all}->${out}`;
      const now = map(spec, body, mask ? [mask, x] : [x], { reduce: "max", name: "maxOverTime" });
      return shown(maximum(max, now));
    },
    moment: (x, { max }) => shown(maximum(max, x)),
  });

/** Where nothing valid was seen the maximum is −∞; what goes on is 0. */
const shown = (max: Tensor): Ran => ({
  output: where(equals(max, -Infinity), 0, max),
  state: { max },
});
