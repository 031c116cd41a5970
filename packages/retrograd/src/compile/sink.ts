/**
 * sink: what the state does not depend on leaves the loop at its other end. Outputs that need a
 * product are computed for all steps at once afterwards, and a state that only adds something up
 * at each step (dW = Σ aᵀg) becomes one sum over batch and time. An output stays where leaving
 * would store much more than itself: a carried matrix is read in its step, not kept for later.
 */

import { groups, type Loop, results, scanGraph } from "../loops/scan.ts";
import { plus } from "../ops/map.ts";
import { repeated } from "../ops/repeat.ts";
import { dependents, topological } from "../tensor/graph.ts";
import { type Node, same, showShape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { overTime } from "./hoist.ts";
import { workBehind } from "./rewrite.ts";
import { scaled, sumOverTime, totalsOf } from "./totals.ts";

/** Record the loop without what can be done after it; gives all outputs of the original one. */
export function sink(
  loop: Loop,
  args: readonly Tensor[],
  used: ReadonlySet<number>,
  notes: string[],
  ready: ReadonlyMap<number, Tensor>,
): Tensor[] {
  const { step } = loop;
  const [stateIn] = groups(loop, step.inputs);
  const [finals, outs, entered] = results(
    loop,
    [...step.outputs, ...stateIn].map((_, k) => k),
  );
  const sums = totalsOf(loop, used);
  const states2 = stateIn.flatMap((_, k) => (sums.has(k) ? [] : [k]));
  const core = new Set(topological(states2.map((k) => step.outputs[k])));
  const heavy = (t: Tensor) => workBehind(t, core).length > 0;
  const isStored = (t: Tensor) =>
    stateIn.some((s, k) => used.has(entered[k]) && (same(s, t) || same(step.outputs[k], t)));
  const leaves = (t: Tensor): boolean => {
    if (!heavy(t)) return false;
    const read = frontier([t], core, new Set(stateIn.map((s) => s.node)));
    const stored = read.filter((r) => !isStored(r)).reduce((sum, r) => sum + sizeOf(r.shape), 0);
    return stored <= MOST_STORED * sizeOf(t.shape) || gainsRows(loop, t, core);
  };
  const sunkOuts = outs.filter((o) => used.has(o) && !ready.has(o) && leaves(step.outputs[o]));
  const kept = outs.filter((o) => used.has(o) && !ready.has(o) && !sunkOuts.includes(o));
  const asked = [...sunkOuts.map((o) => step.outputs[o]), ...[...sums.values()].flat()];
  const stay = new Set(
    topological([...states2.map((k) => step.outputs[k]), ...kept.map((o) => step.outputs[o])]),
  );
  const edge = frontier(asked, stay, new Set(stateIn.map((t) => t.node)));

  const extra = edge.filter((t) => !stateIn.some((s) => same(s, t)));
  const [, x, p] = groups(loop, step.inputs),
    [S, X, P] = groups(loop, args);
  const smaller = {
    inputs: [...states2.map((k) => stateIn[k]), ...x, ...p],
    outputs: [
      ...states2.map((k) => step.outputs[k]),
      ...kept.map((o) => step.outputs[o]),
      ...extra,
    ],
  };
  const out: Tensor[] = [];
  ready.forEach((t, o) => {
    out[o] = t;
  });
  const first = states2.map((k) => S[k]);
  const { final: f, outputs: o, entered: e } = scanGraph(smaller, first, X, P, loop);
  states2.forEach((k, i) => {
    out[finals[k]] = f[i];
    out[entered[k]] = e[i];
  });
  kept.forEach((k, i) => {
    out[k] = o[i];
  });
  if (asked.length === 0) return out;

  const known = edge.map((t): readonly [Tensor, Tensor] => {
    const state = states2.findIndex((k) => same(stateIn[k], t));
    return [t, state >= 0 ? e[state] : o[kept.length + extra.findIndex((x) => same(x, t))]];
  });
  const done = overTime(asked, loop, args, known);
  sunkOuts.forEach((k, i) => {
    out[k] = done[i].over ? done[i].tensor : repeated(done[i].tensor, loop.length);
  });
  let at = sunkOuts.length;
  for (const [k, terms] of sums) {
    out[finals[k]] = terms.reduce((sum, _) => {
      const { tensor, over } = done[at++];
      return plus(sum, over ? sumOverTime(tensor) : scaled(tensor, loop.length));
    }, S[k]);
    notes.push(
      `sank ${stateIn[k].name || terms[0].node.attrs.name || "a state"} ${showShape(stateIn[k].shape)} out of ${loop.length} steps: one sum over all of them`,
    );
  }
  for (const k of sunkOuts)
    notes.push(
      `sank ${step.outputs[k].node.attrs.name ?? "an output"} ${showShape(step.outputs[k].shape)} out of ${loop.length} steps: all of them at once`,
    );
  return out;
}

/** Numbers that may be stored for each number that leaves. */
const MOST_STORED = 8;

/** Whether t needs a product with what is the same at all steps: its rows become more. */
function gainsRows({ step, states, inputs }: Loop, t: Tensor, core: ReadonlySet<Node>): boolean {
  const changing = dependents(step, step.inputs.slice(0, states + inputs));
  return workBehind(t, core).some(
    (n) => changing.has(n) && n.args.some((a) => !changing.has(a.node) && a.rank > 0),
  );
}

/** Values that the loop computes anyway and what leaves it reads. */
function frontier(
  asked: readonly Tensor[],
  stay: ReadonlySet<Node>,
  states: ReadonlySet<Node>,
): Tensor[] {
  const edge: Tensor[] = [],
    seen = new Set<Node>();
  const visit = (t: Tensor): void => {
    const inside = states.has(t.node) || (stay.has(t.node) && t.node.args.length > 0);
    if (inside) {
      if (!edge.some((e) => same(e, t))) edge.push(t);
      return;
    }
    if (seen.has(t.node)) return;
    seen.add(t.node);
    t.node.args.forEach(visit);
  };
  asked.forEach(visit);
  return edge;
}
