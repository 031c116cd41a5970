/**
 * The same recurrence, written in other ways. A traced model is a graph with loops in it; here its
 * loops are written out step by step, cut into windows, or given zeros to differentiate by. All of
 * it is from graph to graph, so it holds for any step of any model.
 */

import { groups, type Loop, results, type Scanned, scanGraph, scanOp } from "../loops/scan.ts";
import { concatenate, stack } from "../ops/concatenate.ts";
import { plus } from "../ops/map.ts";
import { reshapeTo } from "../ops/reshape.ts";
import { at, part } from "../ops/slicing.ts";
import { stopGradient } from "../ops/stopGradient.ts";
import { isFloat } from "../scalar/dtype.ts";
import { Bindings, type Graph, inline, topological, trace } from "../tensor/graph.ts";
import { type Node, placeholder, record, Tensor } from "../tensor/tensor.ts";
import { rematOp } from "../transform/remat.ts";

/** What stands in the place of a loop, given its arguments. */
type Rewrite = (loop: Loop, args: readonly Tensor[]) => Scanned;

/** The graph with every loop rewritten; those within other loops too where `f` sees to it. */
function rewritten(graph: Graph, f: Rewrite, inlineRemats = false): Graph {
  const now = new Bindings();
  const move = (t: Tensor): Tensor => now.get(t) ?? t;
  for (const node of topological(graph.outputs)) {
    const args = node.args.map(move);
    const isLoop = node.op === scanOp;
    const isInlined = inlineRemats && node.op === rematOp;
    if (!isLoop && !isInlined && args.every((a, k) => a === node.args[k])) continue;
    const found = isLoop
      ? Object.values(f(node.attrs, args)).flat()
      : isInlined
        ? inline(rewritten(node.attrs.graph, f, true), args)
        : record(node.op, args, node.attrs);
    found.forEach((t: Tensor, i: number) => void now.set(new Tensor(node, i), t));
  }
  return { inputs: graph.inputs, outputs: graph.outputs.map(move) };
}

/** Every step of every loop written out, one after the other: no loop is left. */
export const unrolled = (graph: Graph): Graph => rewritten(graph, writtenOut, true);

function writtenOut(loop: Loop, args: readonly Tensor[]): Scanned {
  const step = unrolled(loop.step);
  const [first, inputs, params] = groups(loop, args);
  const outputs: Tensor[][] = [];
  const entered: Tensor[][] = [];
  let state = first;
  for (let i = 0; i < loop.length; i++) {
    const t = loop.reverse ? loop.length - 1 - i : i;
    const left = inline(step, [...state, ...inputs.map((x) => at(x, t)), ...params]);
    entered[t] = state;
    outputs[t] = left.slice(loop.states);
    state = left.slice(0, loop.states);
  }
  const overTime = (rows: Tensor[][]) => rows[0].map((_, k) => stack(rows.map((row) => row[k])));
  return { final: state, outputs: overTime(outputs), entered: overTime(entered) };
}

/** How a window runs: the inner loop as a graph, and what it is given, of which `states` come first. */
type Enter = (inner: Graph, given: readonly Tensor[], states: number) => readonly Tensor[];

/** Which steps make a window of their own where the length is no multiple: those left at an end. */
export type Leftover = "first" | "last";

/** Loops of `size` steps within a loop over windows, and one of the steps that are left over. */
const windowed = (graph: Graph, size: number, enter: Enter, leftover: Leftover = "last"): Graph =>
  rewritten(graph, (loop, args) => inWindows(loop, args, Math.max(1, size), enter, leftover));

/** Loops of windows that are computed again on the way back: checkpointed backpropagation. */
export const checkpointed = (graph: Graph, size: number): Graph =>
  windowed(graph, size, (inner, given) => record(rematOp, given, { graph: inner }));

/** Loops through whose windows no gradient passes: what truncated backpropagation follows. */
export const truncatedAt = (graph: Graph, size: number, leftover?: Leftover): Graph =>
  windowed(
    graph,
    size,
    (inner, given, states) =>
      inline(inner, [...given.slice(0, states).map(stopGradient), ...given.slice(states)]),
    leftover,
  );

function inWindows(
  loop: Loop,
  args: readonly Tensor[],
  size: number,
  enter: Enter,
  leftover: Leftover,
): Scanned {
  const [first, inputs, params] = groups(loop, args);
  const count = Math.floor(loop.length / size);
  const left = loop.length - count * size;
  const pieces = [
    { windows: count, steps: size },
    { windows: 1, steps: left },
  ].filter(({ windows, steps }) => windows * steps > 0);
  if (leftover === "first") pieces.reverse();
  let [state, at] = [first, 0];
  const overTime = pieces.map(({ windows, steps }) => {
    const length = windows * steps;
    // Counted in the order of the loop, which may be that from the end.
    const from = loop.reverse ? loop.length - at - length : at;
    at += length;
    const own = inputs.map((x) => part(x, 0, from, length));
    const ran = overWindows(loop, { windows, steps }, [state, own, params], enter);
    state = ran.slice(0, loop.states);
    return ran.slice(loop.states);
  });
  if (loop.reverse) overTime.reverse();
  const joined = overTime[0].map((_, k) =>
    overTime.length === 1
      ? overTime[0][k]
      : concatenate(
          overTime.map((piece) => piece[k]),
          0,
        ),
  );
  const [final, outputs, entered] = results(loop, [...state, ...joined]);
  return { final, outputs, entered };
}

/** [final state…, outputs…, entered…] of a loop over windows of equal length. */
function overWindows(
  loop: Loop,
  { windows, steps }: { windows: number; steps: number },
  [state, inputs, params]: readonly (readonly Tensor[])[],
  enter: Enter,
): readonly Tensor[] {
  const inner = trace(
    [...state, ...inputs.map((x) => momentsOf(x, steps)), ...params],
    (...given) => {
      const [s, x, p] = groups(loop, given);
      const { final, outputs, entered } = scanGraph(loop.step, s, x, p, { ...loop, length: steps });
      return [...final, ...outputs, ...entered];
    },
    loop.step.inputs.map((t) => t.name),
  );
  if (windows === 1) return enter(inner, [...state, ...inputs, ...params], loop.states);
  const outer = trace(inner.inputs, (...given) => enter(inner, given, loop.states));
  const split = inputs.map((x) => reshapeTo(x, [windows, steps, ...x.shape.slice(1)]));
  const way = { length: windows, reverse: loop.reverse };
  const { final, outputs } = scanGraph(outer, state, split, params, way);
  const flat = outputs.map((y) => reshapeTo(y, [windows * steps, ...y.shape.slice(2)]));
  return [...final, ...flat];
}

const momentsOf = (x: Tensor, steps: number) => ({
  shape: [steps, ...x.shape.slice(1)],
  dtype: x.dtype,
});

/** Zeros added to what enters each step of a loop, by which one can differentiate. */
export interface Probe {
  /** The loop's place among those of the graph, and the name of the state in its step. */
  readonly loop: number;
  readonly state: string;
  /** [time, …state], an input of the probed graph after those that it had. */
  readonly input: Tensor;
}

/** The graph with a probe on every float state of every loop that is not within another one. */
export function probed(graph: Graph): { graph: Graph; probes: Probe[] } {
  const probes: Probe[] = [];
  let loops = 0;
  const moved = rewritten(graph, (loop, args) => {
    const [states, inputs, params] = groups(loop, args);
    const [s, x, p] = groups(loop, loop.step.inputs);
    const own = s.filter((t) => isFloat(t.dtype));
    const added = own.map((t) =>
      placeholder({ shape: [loop.length, ...t.shape], dtype: t.dtype }, `probe of ${t.name}`),
    );
    own.forEach((t, k) => {
      probes.push({ loop: loops, state: t.name ?? `${k}`, input: added[k] });
    });
    loops++;
    const zeros = own.map((t) => placeholder(t, `probe of ${t.name}`));
    const entering = s.map((t) => (isFloat(t.dtype) ? plus(t, zeros[own.indexOf(t)]) : t));
    const step: Graph = {
      inputs: [...s, ...x, ...zeros, ...p],
      outputs: inline(loop.step, [...entering, ...x, ...p]),
    };
    return scanGraph(step, states, [...inputs, ...added], params, loop);
  });
  const inputs = [...graph.inputs, ...probes.map((probe) => probe.input)];
  return { graph: { inputs, outputs: moved.outputs }, probes };
}

/** The loops of a graph that are not within another one, in the order of `probed`. */
export const loopsOf = (graph: Graph): Node<Loop>[] =>
  topological(graph.outputs).filter((node) => node.op === scanOp);
