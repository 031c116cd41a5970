/**
 * hoist: what does not depend on the state leaves the loop and is computed for all its steps at
 * once, as one more letter (x·Wx becomes one large product). What depends on params alone is
 * computed once.
 */

import { groups, type Loop } from "../loops/scan.ts";
import type { MapAttrs } from "../ops/map.ts";
import { repeated } from "../ops/repeat.ts";
import {
  Bindings,
  dependents,
  type Graph,
  inline,
  substitute,
  topological,
} from "../tensor/graph.ts";
import {
  constantOp,
  type Node,
  placeholder,
  same,
  showShape,
  type Tensor,
} from "../tensor/tensor.ts";
import { batchWhere } from "../transform/batch.ts";
import { rewriteGraph, workBehind } from "./rewrite.ts";
import { sumOf, termsOf } from "./sums.ts";

export interface Lifted {
  readonly loop: Loop;
  readonly args: readonly Tensor[];
  /** Outputs of the loop that no longer need it, by their place among the step's outputs. */
  readonly outputs: ReadonlyMap<number, Tensor>;
}

/** @param totals  states that will be one sum over time, and need none of their terms sooner */
export function hoist(
  given: Loop,
  args: readonly Tensor[],
  notes: string[],
  totals: ReadonlySet<number>,
): Lifted {
  const loop = { ...given, step: regroup(given, totals) };
  const { step, states, inputs } = loop;
  const onState = dependents(step, step.inputs.slice(0, states));
  const onInput = dependents(step, step.inputs.slice(states, states + inputs));
  const free = (t: Tensor): boolean => !onState.has(t.node) && t.node.args.length > 0;
  const heavy = (t: Tensor): boolean => workBehind(t).length > 0;
  const lifted: Tensor[] = [];
  const take = (t: Tensor, force = false) => {
    if (!free(t) || lifted.some((l) => same(l, t))) return;
    if (force || !onInput.has(t.node) || heavy(t)) lifted.push(t);
  };
  const later = addersOf(step, totals);
  for (const n of topological(step.outputs))
    if (onState.has(n) && !later.has(n)) n.args.forEach((a) => take(a));
  const outputs = new Map<number, Tensor>();
  const outs = step.outputs.flatMap((t, k) =>
    k >= states && !onState.has(t.node) && onInput.has(t.node) && heavy(t) ? [k] : [],
  );
  const asked = [...lifted, ...outs.map((k) => step.outputs[k])];
  if (asked.length === 0) return { loop: given, args, outputs };
  const computed = overTime(asked, loop, args);
  computed.forEach(({ over, tensor }, i) => {
    if (i < lifted.length) return;
    outputs.set(outs[i - lifted.length], over ? tensor : repeated(tensor, loop.length));
  });
  for (const t of lifted)
    notes.push(
      `hoisted ${t.node.attrs.name ?? t.node.op.name} ${showShape(t.shape)} out of ${loop.length} steps: ${onInput.has(t.node) ? "all of them at once" : "once"}`,
    );
  return {
    ...withLifted(loop, args, lifted, computed.slice(0, lifted.length), new Set(outs)),
    outputs,
  };
}

/** The loop reading lifted values instead of computing them. */
function withLifted(
  loop: Loop,
  args: readonly Tensor[],
  lifted: readonly Tensor[],
  computed: readonly { over: boolean; tensor: Tensor }[],
  gone: ReadonlySet<number>,
): { loop: Loop; args: Tensor[] } {
  const fresh = lifted.map((t) => placeholder(t, t.node.attrs.name ?? t.node.op.name));
  const left = loop.step.outputs.map((t, k) => (gone.has(k) ? (loop.step.inputs[0] ?? t) : t));
  const outputs = substitute(left, new Bindings(lifted.map((t, i) => [t, fresh[i]] as const)));
  const [s, x, p] = groups(loop, loop.step.inputs),
    [S, X, P] = groups(loop, args);
  const pick = <T>(list: readonly T[], over: boolean) =>
    list.filter((_, i) => computed[i].over === over);
  const stacks = pick(
      computed.map((c) => c.tensor),
      true,
    ),
    once = pick(
      computed.map((c) => c.tensor),
      false,
    );
  return {
    loop: {
      ...loop,
      inputs: loop.inputs + stacks.length,
      step: { inputs: [...s, ...x, ...pick(fresh, true), ...p, ...pick(fresh, false)], outputs },
    },
    args: [...S, ...X, ...stacks, ...P, ...once],
  };
}

/**
 * Values of the step that need no state, for all steps: stacked where they depend on the inputs.
 */
export function overTime(
  wanted: readonly Tensor[],
  loop: Loop,
  args: readonly Tensor[],
  known: readonly (readonly [Tensor, Tensor])[] = [],
): { over: boolean; tensor: Tensor }[] {
  const [, x, p] = groups(loop, loop.step.inputs),
    [, X, P] = groups(loop, args);
  // Fresh placeholders: what is known may lie in the middle of the step.
  const sources = [...known.map(([t]) => t), ...x, ...p],
    values = [...known.map(([, v]) => v), ...X, ...P];
  const marks = sources.map((t) => placeholder(t, t.name));
  const outputs = substitute(wanted, new Bindings(sources.map((t, i) => [t, marks[i]] as const)));
  const flags = sources.map((_, i) => i < known.length + x.length);
  const { graph, batched } = batchWhere({ inputs: marks, outputs }, flags, loop.length);
  return inline(graph, values).map((tensor, i) => ({ tensor, over: batched[i] }));
}

/** In sums, terms that need no state are added up first, so that they can leave together. */
function regroup(loop: Loop, totals: ReadonlySet<number>): Graph {
  const { step, states } = loop;
  const onState = dependents(step, step.inputs.slice(0, states));
  const later = addersOf(step, totals);
  return rewriteGraph(step, (node, args) => {
    const terms = onState.has(node) && !later.has(node) ? termsOf({ ...node, args }) : undefined;
    if (!terms) return undefined;
    const originals = termsOf(node)!,
      attrs = node.attrs as MapAttrs;
    const free = terms.filter(
      (_, i) =>
        !onState.has(originals[i].tensor.node) && originals[i].tensor.node.op !== constantOp,
    );
    const full = free.filter((t) => t.letters.length === attrs.out.length);
    if (free.length < 2 || full.length === 0 || !full.some((t) => workBehind(t.tensor).length > 0))
      return undefined;
    const rest = terms.filter((t) => !free.includes(t));
    return [sumOf([...rest, { tensor: sumOf(free, attrs), letters: attrs.out }], attrs)];
  });
}

/** The nodes that add to the given states. */
const addersOf = (step: Graph, states: ReadonlySet<number>): Set<Node> =>
  new Set([...states].map((k) => step.outputs[k].node));
