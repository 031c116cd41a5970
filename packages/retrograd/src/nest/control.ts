/**
 * Loops of the schedule: scan and while. A state that somebody reads later lives in its history,
 * one row per step, so that a step reads row t and writes row t + 1 and nothing is copied; any
 * other state has one place, which the step overwrites when all its readers are done, or a second
 * place and a copy.
 */

import { groups, type Loop, results, scanOp } from "../loops/scan.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, type Shape, same, sizeOf, Tensor, type Type } from "../tensor/tensor.ts";
import { type Buffer, type Item, resolve } from "./nest.ts";
import type { Places } from "./places.ts";
import { atIndex, sameView, type View, whole } from "./view.ts";

interface StatePlan {
  /** Where the state lies when step t begins, and where the next one goes. */
  now(t: string): View;
  next(t: string): View | undefined;
  final: View;
}

export function emitScan(l: Places, node: Node<Loop>): void {
  l.flush();
  const loop = node.attrs,
    { w } = l,
    { length, reverse, step } = loop;
  const read = readersOf(l, node);
  const [first, input, param] = groups(loop, node.args);
  const numbers = node.outputs.map((_, k) => k),
    [finals, outs, entered] = results(loop, numbers);
  const depth = w.depth + 1;
  const inner = new Map<Node, HistoryOf>(); // histories that the loop inside a chunk writes

  const plans = first.map((init, k): StatePlan => {
    const rows = historyRows(loop, k, (o) => !l.wantedView(node, outs[o]));
    const wanted =
      rows &&
      [
        ...rows.entered.map((j) => (j < 0 ? entered[k] : outs[j])),
        ...rows.outputs.map((j) => outs[j]),
      ].some(read);
    const given = l.histories.get(node)?.(k);
    if (rows && (wanted || given)) {
      const per = rows.steps,
        total = length * per;
      const history =
        given ??
        historyBuffer(l, [total + 1, ...init.shape], init, step.inputs[k].name ?? "state", depth);
      const at = (row: number): View => atIndex(history, row);
      l.copyInto(init, at(reverse ? total : 0));
      const chunks: View = {
        ...history,
        shape: [length, ...init.shape],
        strides: [history.strides[0] * per, ...history.strides.slice(1)],
      };
      const stack = (from: number): View => {
        const rows = { ...chunks, offset: at(from).offset };
        if (per === 1) return rows;
        const [chunk] = rows.strides;
        const shape = [length, per, ...init.shape];
        return { ...rows, shape, strides: [chunk, ...history.strides] };
      };
      for (const j of rows.entered)
        l.setPlace(node, j < 0 ? entered[k] : outs[j], stack(reverse ? 1 : 0));
      for (const j of rows.outputs) l.setPlace(node, outs[j], stack(reverse ? 0 : 1));
      if (rows.inner) {
        const { node: inside, state } = rows.inner,
          others = inner.get(inside);
        inner.set(inside, (s, t) =>
          s === state
            ? { ...atIndex(chunks, t), shape: [per + 1, ...init.shape], strides: history.strides }
            : others?.(s, t),
        );
      }
      return {
        now: (t) => atIndex(chunks, t, reverse ? 1 : 0),
        next: (t) => atIndex(chunks, t, reverse ? 0 : 1),
        final: at(reverse ? 0 : total),
      };
    }
    const place =
      l.wantedView(node, finals[k]) ??
      w.allocate(init.shape, init.dtype, step.inputs[k].name ?? "state");
    Object.assign(place.buffer, { depth });
    l.copyInto(init, place);
    return { now: () => place, next: () => undefined, final: place };
  });

  const stacks = input.map((t) => l.view(t)),
    params = param.map((t) => l.view(t));
  const stackOf = outs.map((o) => {
    if (l.isComputed(node, o)) return undefined;
    const view = read(o)
      ? l.destination(node, o, `stack of ${nameOf(step.outputs[o])}`)
      : undefined;
    if (view) {
      Object.assign(view.buffer, { depth });
      view.buffer.rows ??= view.buffer.length / (sizeOf(view.shape.slice(1)) / (loop.chunk ?? 1));
      l.setPlace(node, o, view);
    }
    return view;
  });
  w.loop(length, reverse, loop.chunk ? `chunks of ${loop.chunk}` : "scan", (t) => {
    const states = plans.map((p) => p.now(t));
    const next = plans.map((p) => p.next(t));
    const histories = new Map([...inner].map(([n, of]) => [n, (k: number) => of(k, t)] as const));
    const where = l.step(
      w,
      step,
      [...states, ...stacks.map((s) => atIndex(s, t)), ...params],
      [
        ...next.map((v, k) => {
          if (v || isHandedOn(step, k)) return v ?? states[k];
          return w.allocate(first[k].shape, first[k].dtype, "next");
        }),
        ...stackOf.map((s) => s && atIndex(s, t)),
      ],
      histories,
    );
    moveStates(
      l,
      plans.flatMap((p, k) => (p.next(t) ? [] : [{ from: where[k], to: p.final }])),
    );
  });
  plans.forEach((p, k) => {
    const wanted = l.wantedView(node, finals[k]);
    if (wanted && !sameView(wanted, p.final)) l.copyView(p.final, wanted);
    l.setPlace(node, finals[k], wanted ?? p.final);
  });
  for (const o of [...entered, ...outs]) settle(l, node, o);
}

/** True where all that a step does with state k is to run a loop inside it that carries it on. */
function isHandedOn({ inputs, outputs }: Graph, k: number): boolean {
  const { node, output } = outputs[k];
  const carries = node.op === scanOp && output < node.attrs.states;
  if (!carries || !same(node.args[output], inputs[k])) return false;
  const readers = topological(outputs).flatMap((n) => n.args.filter((a) => same(a, inputs[k])));
  return readers.length === 1 && !outputs.some((t) => same(t, inputs[k]));
}

/** What a value that leaves a step is called: by itself, or by what a loop inside stacks. */
const nameOf = ({ name, node, output }: Tensor): string =>
  node.op === scanOp && output >= node.attrs.states && output < node.attrs.step.outputs.length
    ? nameOf(node.attrs.step.outputs[output])
    : (name ?? node.attrs?.name ?? node.op.name);

type HistoryOf = (state: number, t: string) => View | undefined;

function historyBuffer(l: Places, shape: Shape, type: Type, name: string, depth: number): View {
  const buffer = l.w.buffer(shape, type.dtype, `history of ${name}`, { depth });
  [buffer.rows] = shape;
  return whole(buffer, shape);
}

/**
 * Outputs of a loop that are rows of the history of state k: the states that entered its steps
 * (−1 is the op's own output of them), and outputs that are the next state. In a loop over
 * chunks, the rows are those of the loop inside.
 */
function historyRows(
  loop: Loop,
  k: number,
  free: (out: number) => boolean,
):
  | {
      steps: number;
      entered: number[];
      outputs: number[];
      inner?: { node: Node<Loop>; state: number };
    }
  | undefined {
  const { step, states } = loop,
    outs = step.outputs.slice(states),
    leaves = step.outputs[k];
  if (!loop.chunk) {
    const outputs = outs.flatMap((o, j) => (same(o, leaves) && free(j) ? [j] : []));
    return { steps: 1, entered: [-1], outputs };
  }
  const inside = leaves.node as Node<Loop>;
  if (
    inside.op !== scanOp ||
    inside.attrs.length !== loop.chunk ||
    leaves.output >= inside.attrs.states ||
    !same(inside.args[leaves.output], step.inputs[k])
  )
    return undefined;
  const [, o, e] = results(
    inside.attrs,
    inside.outputs.map((_, i) => new Tensor(inside, i)),
  );
  const state = leaves.output,
    next = inside.attrs.step.outputs;
  const twins = o.filter((_, j) => same(next[inside.attrs.states + j], next[state]));
  const where = (found: readonly Tensor[]) =>
    outs.flatMap((t, j) => (found.some((f) => same(f, t)) && free(j) ? [j] : []));
  return {
    steps: loop.chunk,
    entered: where([e[state]]),
    outputs: where(twins),
    inner: { node: inside, state },
  };
}

/** A place that was asked for although the value already lies in a history: copy it there. */
function settle(l: Places, node: Node, output: number): void {
  const wanted = l.wantedView(node, output),
    lies = l.isComputed(node, output);
  if (!wanted || !lies || sameView(wanted, lies)) return;
  l.copyView(lies, wanted);
  l.setPlace(node, output, wanted);
}

/** Which outputs of a node anybody reads. */
function readersOf(l: Places, node: Node): (output: number) => boolean {
  const used = l.usedOutputs(node);
  return (output) => used.has(output) || l.wantedView(node, output) !== undefined;
}

/**
 * Bring next states to where the states are. The step may write over a state that nobody reads
 * later in the step (or only element by element while it is written); else the new one is copied
 * at the end.
 */
export function moveStates(l: Places, moves: readonly { from: View; to: View }[]): void {
  const copies: { from: View; to: View }[] = [];
  for (const { from, to } of moves) {
    if (sameView(from, to)) continue;
    if (mayShare(l.w.block, from.buffer, to.buffer) && isWhole(from) && isWhole(to))
      from.buffer.alias = to.buffer;
    else copies.push({ from, to });
  }
  // Each next state has a place of its own: no copy overwrites what another still reads.
  for (const { from, to } of copies) l.copyView(from, to);
}

const isWhole = (v: View): boolean =>
  sameView(v, whole(v.buffer, v.shape)) && sizeOf(v.shape) === v.buffer.length;

/** True when writing `next` where `now` lies disturbs no reader of `now` in these items. */
export function mayShare(items: readonly Item[], next: Buffer, now: Buffer): boolean {
  if (
    next.kind !== "temporary" ||
    next.dtype !== now.dtype ||
    next.length !== now.length ||
    resolve(next) === resolve(now)
  )
    return false;
  let written = false,
    writers = 0;
  for (const item of items) {
    const reads = accesses(item, "reads").filter((a) => resolve(a.buffer) === resolve(now));
    const writes = accesses(item, "writes").filter((a) => resolve(a.buffer) === resolve(next));
    if (written && reads.length) return false;
    if (accesses(item, "writes").some((a) => resolve(a.buffer) === resolve(now))) return false;
    if (!writes.length) continue;
    writers++;
    written = true;
    const inPlace =
      item.kind === "kernel" &&
      reads.every((r) => r.aligned !== undefined && writes.every((x) => x.aligned === r.aligned));
    if (reads.length && !inPlace) return false;
    if (item.kind !== "kernel" && reads.length) return false;
  }
  return writers === 1;
}

function accesses(item: Item, which: "reads" | "writes"): { buffer: Buffer; aligned?: string }[] {
  if (item.kind === "kernel") return [...item.kernel[which]];
  if (item.kind === "collective") return item.buffers.map((buffer) => ({ buffer }));
  const inner = item.kind === "loop" ? item.body : [...item.condition, ...item.body];
  return inner.flatMap((i) => accesses(i, which));
}
