/** From a graph to a schedule whose buffers have their places: the passes, in order. */

import { settleCollectives } from "../compile/collectives.ts";
import { type Optimised, optimise } from "../compile/index.ts";
import { splitInvariants } from "../loops/invariant.ts";
import { slot } from "../scalar/index.ts";
import type { Graph } from "../tensor/graph.ts";
import { mayShare } from "./control.ts";
import { explain } from "./explain.ts";
import { lowerGraph } from "./lower.ts";
import type { Abilities, Buffer, Schedule } from "./nest.ts";
import { plan } from "./plan.ts";
import { writing } from "./pointwise.ts";
import type { CompileOptions } from "./program.ts";
import { verify } from "./verify.ts";
import { type View, whole } from "./view.ts";
import { Workspace } from "./workspace.ts";

export interface Compiled {
  readonly schedule: Schedule;
  readonly inputs: readonly Buffer[];
  readonly outputs: readonly Buffer[];
  readonly peakBytes: number;
  explain(): string;
}

/** Passes over the graph, then over its loops. */
export const compile = (graph: Graph, can: Abilities, options: CompileOptions): Compiled =>
  compileOptimised(optimise(settleCollectives(graph, options.shards?.count ?? 1)), can, options);

/** From a graph that the passes over graphs have seen. */
export function compileOptimised(
  { graph: better, notes }: Optimised,
  can: Abilities,
  { resident = [], weights = "float32" }: CompileOptions,
): Compiled {
  const w = new Workspace(can, weights),
    inputOf = new Map(resident.map(([i, o]) => [o, i]));
  const residents = new Set(resident.map(([i]) => i));
  const inputs = better.inputs.map((t, i) =>
    w.buffer(t.shape, t.dtype, t.name ?? `input ${i}`, {
      kind: residents.has(i) ? "resident" : "input",
    }),
  );
  const kept = (o: number): boolean => {
    const i = inputOf.get(o);
    return i !== undefined && better.outputs[o].node === better.inputs[i].node;
  };
  const outputs = better.outputs.map((t, o) => {
    if (kept(o)) return inputs[inputOf.get(o)!]; // a resident that the program only reads
    return w.buffer(t.shape, t.dtype, t.name ?? `output ${o}`, {
      kind: inputOf.has(o) ? "temporary" : "output",
    });
  });
  outputs.forEach((b, o) => kept(o) && w.stable.add(b));
  const given = inputs.map((b, i) => whole(b, better.inputs[i].shape));
  const { rest, made } = prepared(w, better, given);
  lowerGraph(
    w,
    rest,
    [...given, ...made],
    outputs.map((b, o) => (kept(o) ? undefined : whole(b, better.outputs[o].shape))),
  );
  settleResidents(w, outputs, inputs, inputOf, kept);
  const schedule = w.finish(notes);
  verify(schedule);
  const peakBytes = plan(schedule, can.vectorBytes);
  return {
    schedule,
    inputs,
    outputs,
    peakBytes,
    explain: () => explain(better, schedule, peakBytes),
  };
}

/**
 * What residents that no call writes decide is computed when they are written, not at each call.
 * @returns the rest of the graph, with further inputs for what has been made
 */
function prepared(
  w: Workspace,
  graph: Graph,
  given: readonly View[],
): { rest: Graph; made: readonly View[] } {
  const changing = graph.inputs.filter((_, i) => !w.stable.has(given[i].buffer));
  if (changing.length === graph.inputs.length) return { rest: graph, made: [] };
  const { found, fresh, outputs } = splitInvariants(graph, changing);
  const made = found.map((t) => {
    const name = t.node.attrs?.name ?? t.node.op.name;
    const buffer = w.buffer(t.shape, t.dtype, name, { kind: "resident" });
    w.stable.add(buffer);
    return whole(buffer, t.shape);
  });
  if (found.length) w.once(() => lowerGraph(w, { ...graph, outputs: found }, given, made));
  return { rest: { inputs: [...graph.inputs, ...fresh], outputs }, made };
}

/**
 * Next residents are written over the last ones where no reader is disturbed, and copied there
 * otherwise.
 */
function settleResidents(
  w: Workspace,
  outputs: readonly Buffer[],
  inputs: readonly Buffer[],
  inputOf: ReadonlyMap<number, number>,
  kept: (o: number) => boolean,
): void {
  const copies: [Buffer, Buffer][] = [];
  outputs.forEach((from, o) => {
    const i = inputOf.get(o);
    if (i === undefined || kept(o)) return;
    if (mayShare(w.block, from, inputs[i])) from.alias = inputs[i];
    else copies.push([from, inputs[i]]);
  });
  for (const [from, to] of copies) {
    if (to.length === 0) continue;
    const shape = [to.length];
    const kernel = writing(whole(to, shape), "keep", slot(0), [whole(from, shape)], w.can);
    const note = "copied: the old value is still read while the new one is made";
    w.emit({ ...kernel, note });
  }
}
