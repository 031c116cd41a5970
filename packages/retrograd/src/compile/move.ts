/**
 * Work moved out of time loops. A loop is cut into chunks of C steps (C × batch ≈ 512 rows), so
 * that what leaves the loop stays bounded; inside each chunk, what does not depend on the state
 * is computed for all steps at once before it (hoist), and what the state does not depend on
 * after it (sink).
 */

import { groups, type Loop, results, scanGraph, scanOp } from "../loops/scan.ts";
import { concatenateOp } from "../ops/concatenate.ts";
import { recordReshape } from "../ops/reshape.ts";
import { sliceOp } from "../ops/slice.ts";
import { type Graph, trace } from "../tensor/graph.ts";
import { record, type Tensor } from "../tensor/tensor.ts";
import { hoist } from "./hoist.ts";
import { prune } from "./prune.ts";
import { insideLoops, rewriteGraph, usedOutputs } from "./rewrite.ts";
import { rowsPerStep } from "./rows.ts";
import { simplify } from "./simplify.ts";
import { sink } from "./sink.ts";
import { flattenSums } from "./sums.ts";
import { totalsOf } from "./totals.ts";

/** Rows of a moved product for which the sums over time were fastest. */
export const ROWS = 256;

export function moveWork(graph: Graph, notes: string[], target = ROWS): Graph {
  const used = usedOutputs(graph);
  return rewriteGraph(graph, (node, args) => {
    const inside = (step: Graph) => moveWork(step, notes, target);
    if (node.op !== scanOp) return insideLoops(node, args, inside);
    if (node.attrs.chunk) return undefined;
    const { step } = node.attrs;
    const loop: Loop = { ...node.attrs, step: flattenSums(simplify(inside(step))) };
    if (loop.apart) return record(scanOp, args, loop);
    return moveScan(loop, args, used.get(node) ?? new Set(), notes, target);
  });
}

function moveScan(
  loop: Loop,
  args: readonly Tensor[],
  used: ReadonlySet<number>,
  notes: string[],
  target: number,
): Tensor[] {
  const rows = rowsPerStep(loop.step, loop.states + loop.inputs);
  const size = rows === undefined ? loop.length : chunkSize(loop.length, rows, target);
  if (size >= loop.length) return moveOne(loop, args, used, notes);
  // One step has rows enough already: it gains nothing from another, and what would leave a chunk
  // of it is as large within the loop, where its values are near.
  if (size === 1) return record(scanOp, args, loop);
  notes.push(`cut ${loop.length} steps into chunks of ${size} (${rows} rows a step)`);
  return chunked(loop, args, size, used, notes);
}

/** Steps per chunk: a divisor of the length near `target` rows if there is one. */
export function chunkSize(length: number, rows: number, target = ROWS): number {
  const best = Math.max(1, Math.round(target / rows));
  if (length < 2 * best) return length;
  for (let off = 0; off <= best / 2; off++)
    for (const c of [best + off, best - off]) if (c >= 1 && length % c === 0) return c;
  return best;
}

/** Hoist, then sink, around one loop. */
function moveOne(
  loop: Loop,
  args: readonly Tensor[],
  used: ReadonlySet<number>,
  notes: string[],
): Tensor[] {
  const lifted = hoist(loop, args, notes, new Set(totalsOf(loop, used).keys()));
  return sink(lifted.loop, lifted.args, used, notes, lifted.outputs);
}

/** A loop over chunks, each with its own moved work, and the steps that are left over. */
function chunked(
  loop: Loop,
  args: readonly Tensor[],
  size: number,
  used: ReadonlySet<number>,
  notes: string[],
): Tensor[] {
  const { length, reverse } = loop,
    count = Math.floor(length / size),
    rest = length - count * size;
  const [state, input, param] = groups(loop, args),
    [s, x, p] = groups(loop, loop.step.inputs);
  const [finals, outs, entered] = results(
    loop,
    loop.step.outputs.concat(loop.step.inputs.slice(0, loop.states)).map((_, k) => k),
  );
  const wanted = [...outs, ...entered].filter((k) => used.has(k));
  const inner: Loop = { ...loop, length: size };
  const step = trace(
    [...s, ...x.map((t) => ({ shape: [size, ...t.shape], dtype: t.dtype })), ...p],
    (...given) => {
      const all = moveOne(inner, given, new Set([...finals, ...wanted]), notes);
      return [...finals.map((k) => all[k]), ...wanted.map((k) => all[k])];
    },
    [...s, ...x, ...p].map((t) => t.name),
  );
  const part = (t: Tensor, start: number, n: number): Tensor =>
    n === t.shape[0]
      ? t
      : record(sliceOp, [t], {
          starts: t.shape.map((_, i) => (i ? 0 : start)),
          sizes: t.shape.map((m, i) => (i ? m : n)),
          strides: t.shape.map(() => 1),
        })[0];
  const chunks = (now: readonly Tensor[]) => {
    const stacks = input.map((t) =>
      recordReshape(part(t, 0, count * size), [count, size, ...t.shape.slice(1)]),
    );
    // The outer loop is not to be moved again; only what it does not use leaves it.
    const outer = { length: count, reverse, chunk: size };
    const { final: f, outputs: o } = scanGraph(prune(step), now, stacks, param, outer);
    return { f, o: o.map((t) => recordReshape(t, [count * size, ...t.shape.slice(2)])) };
  };
  const tail = (now: readonly Tensor[]) => {
    const all = moveOne(
      { ...loop, length: rest },
      [...now, ...input.map((t) => part(t, count * size, rest)), ...param],
      new Set([...finals, ...wanted]),
      notes,
    );
    return { f: finals.map((k) => all[k]), o: wanted.map((k) => all[k]) };
  };
  const out: Tensor[] = [];
  const place = (f: readonly Tensor[], o: readonly Tensor[]) => {
    finals.forEach((k, i) => {
      out[k] = f[i];
    });
    wanted.forEach((k, i) => {
      out[k] = o[i];
    });
    return out;
  };
  const [first, second] = reverse ? [tail, chunks] : [chunks, tail];
  if (rest === 0) {
    const { f, o } = chunks(state);
    return place(f, o);
  }
  const begun = first(state),
    ended = second(begun.f);
  const [early, late] = reverse ? [ended, begun] : [begun, ended];
  const joined = early.o.map((t, i) => record(concatenateOp, [t, late.o[i]], { axis: 0 })[0]);
  return place(ended.f, joined);
}
