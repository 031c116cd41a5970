/** Loops without what nobody reads: unused outputs, states that feed nothing, inputs of neither. */

import { groups, type Loop, results, scanOp } from "../loops/scan.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, record, same, type Tensor } from "../tensor/tensor.ts";
import { rewriteGraph, usedOutputs } from "./rewrite.ts";

export function prune(graph: Graph): Graph {
  const used = usedOutputs(graph);
  return rewriteGraph(graph, (node, args) =>
    node.op === scanOp ? pruneScan(node, args, used.get(node) ?? new Set()) : undefined,
  );
}

/** Outputs of a smaller scan in the places of the old ones; undefined where nobody reads them. */
function pruneScan(
  node: Node<Loop>,
  args: readonly Tensor[],
  used: ReadonlySet<number>,
): (Tensor | undefined)[] | undefined {
  const loop = node.attrs,
    { step } = loop;
  const [finals, outs, entered] = results(
    loop,
    node.outputs.map((_, k) => k),
  );
  const [stateIn] = groups(loop, step.inputs);
  const wantedOuts = outs.flatMap((o, j) => (used.has(o) ? [j] : []));
  const live = new Set(finals.flatMap((f, k) => (used.has(f) || used.has(entered[k]) ? [k] : [])));
  let reached = new Set<Node>();
  for (let size = -1; size !== live.size; ) {
    size = live.size;
    reached = new Set(
      topological([
        ...wantedOuts.map((j) => step.outputs[loop.states + j]),
        ...[...live].map((k) => step.outputs[k]),
      ]),
    );
    stateIn.forEach((t, k) => reached.has(t.node) && live.add(k));
  }
  const keepInput = step.inputs.map((t, k) =>
    k < loop.states ? live.has(k) : reached.has(t.node),
  );
  // The same stack or param given twice is read once.
  const firstOf = args.map((a, k) =>
    k < loop.states
      ? k
      : args.findIndex(
          (b, i) => i >= loop.states && keepInput[i] && same(a, b) && sameGroup(loop, i, k),
        ),
  );
  const kept = keepInput.map((k, i) => k && firstOf[i] === i);
  const doubles = keepInput.some((k, i) => k && !kept[i]);
  if (kept.every((k) => k) && wantedOuts.length === outs.length && !doubles) return undefined;
  const pick = <T>(list: readonly T[]) => list.filter((_, i) => kept[i]);
  const states = [...live].sort((a, b) => a - b);
  let outputs = [
    ...states.map((k) => step.outputs[k]),
    ...wantedOuts.map((j) => step.outputs[loop.states + j]),
  ];
  if (doubles) {
    const canonical = new Map(
      step.inputs.map((t, i) => [t.node, step.inputs[firstOf[i] < 0 ? i : firstOf[i]]] as const),
    );
    const merged = rewriteGraph({ inputs: [], outputs }, (n, a) => {
      const moved = a.map((t) => canonical.get(t.node) ?? t);
      return moved.some((t, i) => !same(t, n.args[i])) ? record(n.op, moved, n.attrs) : undefined;
    });
    outputs = merged.outputs.map((t) => canonical.get(t.node) ?? t);
  }
  const smaller: Loop = {
    ...loop,
    states: states.length,
    inputs: kept.slice(loop.states, loop.states + loop.inputs).filter((k) => k).length,
    step: { inputs: pick(step.inputs), outputs },
  };
  const fresh = record(scanOp, pick(args), smaller),
    [f, o, e] = results(smaller, fresh);
  return [
    ...finals.map((_, k) => f[states.indexOf(k)]),
    ...outs.map((_, j) => o[wantedOuts.indexOf(j)]),
    ...entered.map((_, k) => e[states.indexOf(k)]),
  ];
}

const sameGroup = (loop: Loop, a: number, b: number): boolean =>
  a < loop.states + loop.inputs === b < loop.states + loop.inputs;
