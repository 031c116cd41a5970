/**
 * Influence: how the state depends on the parameters, carried forward from moment to moment.
 *
 *   S' = (∂s'/∂s) S + ∂s'/∂θ        Williams and Zipser 1989, eq. 6
 *
 * Of a state of n numbers and P parameters it has n · P numbers. Where units do not mix, a
 * parameter of a unit moves that unit alone, and only the numbers of its own unit are kept: P of
 * them for each number that a unit holds. Both are one computation over blocks [lead, parameter,
 * unit]: dense, the lead is the whole state and there is one unit.
 */

import { zeros } from "../../ops/creation.ts";
import { map, recordMap } from "../../ops/map.ts";
import { repeated } from "../../ops/repeat.ts";
import { reshapeTo } from "../../ops/reshape.ts";
import { equal, index, mul, select, slot } from "../../scalar/index.ts";
import { type Graph, inline } from "../../tensor/graph.ts";
import { placeholder, type Tensor, type Type } from "../../tensor/tensor.ts";
import { batchWhere } from "../../transform/batch.ts";
import { alongUnits, type Mixing } from "../../transform/unitwise.ts";
import { cotangents } from "../../transform/vjp.ts";
import type { Moment } from "./moment.ts";

/** One block [lead, parameter, unit] for each leaf of the state and each tracked parameter. */
export type Blocks = readonly (readonly Tensor[])[];

export interface Influence {
  /** Numbers that a row carries. */
  readonly size: number;
  /** Places, among the parameters, of those that are tracked. */
  readonly tracked: readonly number[];
  /** Before the first moment, of one row: how the first state depends on the parameters. */
  begin(params: readonly Tensor[]): Blocks;
  /** After a moment, whose inputs are those of the step. */
  advance(blocks: Blocks, inputs: readonly Tensor[]): Blocks;
  /** Gradients of the tracked parameters, from those of the state. */
  credit(blocks: Blocks, state: readonly (Tensor | undefined)[]): (Tensor | undefined)[];
}

/** Everything that may influence everything. */
export function denseInfluence(moment: Moment): Influence {
  const { step, params, state } = moment;
  const reached = reachedFrom(moment);
  const tracked = params.flatMap((_, p) => (reached[p] ? [p] : []));
  const chosen = tracked.map((p) => params[p]);
  return influence(moment, tracked, 1, {
    ofState: { graph: step, wrt: state },
    ofParams: { graph: step, wrt: chosen },
  });
}

/**
 * A unit of the state and the parameters of that unit.
 * @returns  where `mixing` is "refuse", a sentence may say why units cannot be taken one by one
 */
export function unitInfluence(moment: Moment, mixing: Mixing): Influence | string {
  const { first, step, params, state, names } = moment;
  const units = state[0]?.shape.at(-1) ?? 0;
  if (units === 0 || state.some((t) => t.shape.at(-1) !== units))
    return "the leaves of the state have different last axes";
  const ofState = alongUnits(step, state, units, mixing);
  if (typeof ofState === "string") return ofState;
  const reached = reachedFrom(moment);
  const tracked: number[] = [];
  for (const [p, t] of params.entries()) {
    if (!reached[p]) continue;
    const along = (graph: Graph) => alongUnits(graph, [t], units, "refuse");
    const several =
      t.shape.at(-1) === units
        ? [step, first].map(along).find((found) => typeof found === "string")
        : `it has no axis of ${units} units`;
    if (several === undefined) tracked.push(p);
    else if (mixing === "refuse") return `parameter "${names[p]}" moves several units: ${several}`;
  }
  const chosen = tracked.map((p) => params[p]);
  const ofParams = alongUnits(step, chosen, units, mixing);
  if (typeof ofParams === "string") return ofParams;
  return influence(moment, tracked, units, {
    ofState: { graph: ofState.graph, wrt: ofState.copies, from: state },
    ofParams: { graph: ofParams.graph, wrt: ofParams.copies, from: chosen },
  });
}

/** Which parameters the state depends on. */
const reachedFrom = ({ first, step, params }: Moment): boolean[] => {
  const reach = ({ outputs }: Graph) =>
    cotangents(
      outputs,
      outputs.map((t) => placeholder(t)),
      params,
    );
  const [begins, goes] = [reach(first), reach(step)];
  return params.map((_, p) => (begins[p] ?? goes[p]) !== undefined);
};

/** A graph, what it is differentiated by, and the inputs of which those are copies. */
interface Derivative {
  readonly graph: Graph;
  readonly wrt: readonly Tensor[];
  readonly from?: readonly Tensor[];
}

function influence(
  { state, params, first }: Moment,
  tracked: readonly number[],
  units: number,
  { ofState, ofParams }: { ofState: Derivative; ofParams: Derivative },
): Influence {
  const leads = state.map((t) => t.size / units);
  const counts = tracked.map((p) => params[p].size / units);
  const rows = (of: Derivative, inputs: readonly Tensor[], sizes: readonly number[]) =>
    state.map((_, c) =>
      alongLead(of, c, leads[c], units, inputs).map(
        (d, k) => d && reshapeTo(d, [leads[c], sizes[k], units]),
      ),
    );
  const block = (c: number, k: number): Tensor =>
    zeros([leads[c], counts[k], units], { dtype: state[c].dtype });
  return {
    size: leads.reduce((a, b) => a + b, 0) * units * counts.reduce((a, b) => a + b, 0),
    tracked,
    begin(given) {
      const found = rows({ graph: first, wrt: tracked.map((p) => params[p]) }, given, counts);
      return state.map((_, c) => tracked.map((_, k) => found[c][k] ?? block(c, k)));
    },
    advance(blocks, inputs) {
      const through = rows(ofState, inputs, leads);
      const direct = rows(ofParams, inputs, counts);
      return state.map((_, c) =>
        tracked.map((_, k) => {
          const carried = through[c].map(
            (d, from) => d && map("lmu,mju->lju", mul(slot(0), slot(1)), [d, blocks[from][k]]),
          );
          return sum([...carried, direct[c][k]]) ?? block(c, k);
        }),
      );
    },
    credit: (blocks, cotangent) =>
      tracked.map((p, k) =>
        sum(
          cotangent.map((ct, c) => {
            if (!ct) return undefined;
            const flat = reshapeTo(ct, [leads[c], units]);
            const found = map("lu,lju->ju", mul(slot(0), slot(1)), [flat, blocks[c][k]]);
            return reshapeTo(found, params[p].shape);
          }),
        ),
      ),
  };
}

/**
 * Cotangents of `wrt` for every place of the lead of output c, all of its units at once: where
 * units do not mix, the sum over them has one term.
 * @returns [lead, …] for each of `wrt`
 */
function alongLead(
  { graph, wrt, from = [] }: Derivative,
  c: number,
  lead: number,
  units: number,
  inputs: readonly Tensor[],
): (Tensor | undefined)[] {
  const out = graph.outputs[c];
  const seed = placeholder(out, "direction");
  const found = cotangents([out], [seed], wrt);
  const present = found.flatMap((t, k) => (t ? [k] : []));
  const one: Graph = {
    inputs: [...graph.inputs, seed],
    outputs: present.map((k) => found[k]!),
  };
  const which = one.inputs.map((t) => t === seed);
  const wide = batchWhere(one, which, lead);
  const given = new Map(graph.inputs.map((t, i) => [t, inputs[i]]));
  from.forEach((t, k) => given.set(wrt[k], given.get(t)!));
  const args = graph.inputs.map((t) => given.get(t)!);
  const values = inline(wide.graph, [...args, directions(out, lead, units)]);
  const all: (Tensor | undefined)[] = wrt.map(() => undefined);
  present.forEach((k, i) => {
    all[k] = wide.batched[i] ? values[i] : repeated(values[i], lead);
  });
  return all;
}

/** [lead, …shape]: a one at each place of the lead, for all units. */
function directions({ shape, dtype }: Type, lead: number, units: number): Tensor {
  const body = select(equal(index("l"), index("m")), 1, 0);
  const sizes = { l: lead, m: lead, u: units };
  const ones = recordMap("->lmu", body, [], { sizes, dtype, name: "directions" });
  return reshapeTo(ones, [lead, ...shape]);
}

const sum = (terms: readonly (Tensor | undefined)[]): Tensor | undefined => {
  const there = terms.filter((t) => t !== undefined);
  if (there.length === 0) return undefined;
  return there.reduce((a, b) => a.add(b));
};
