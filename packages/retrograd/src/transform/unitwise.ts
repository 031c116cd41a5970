/**
 * Which numbers of a step follow which units. A recurrence is diagonal when unit i of the next
 * state depends on unit i of this one alone: its Jacobian then has as many numbers as there are
 * units, and exact forward mode costs little more than the step. Whether it is can be read off the
 * step's graph, since a map says which axes it keeps and which it sums over.
 *
 * The same walk makes the approximations: where a step does mix units, the tangents of other units
 * are left out (SnAp-1), or nothing passes at all (the local rules).
 */

import { concatenateOp } from "../ops/concatenate.ts";
import { flipOp } from "../ops/flip.ts";
import { type MapAttrs, mapOp, nameOfMap, recordEach, recordMap } from "../ops/map.ts";
import { reshapeOp } from "../ops/reshape.ts";
import { sliceOp } from "../ops/slice.ts";
import { stopGradientOp } from "../ops/stopGradient.ts";
import { add, equal, index, select, slot, sub } from "../scalar/index.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import { type Node, placeholder, record, sizeOf, Tensor } from "../tensor/tensor.ts";

/** What becomes of a tangent where units are mixed. */
export type Mixing = "refuse" | "diagonal" | "cut";

/** A tensor that moves with the units along one of its axes. */
interface Moving {
  readonly at: Tensor;
  readonly axis: number;
}

export interface Along {
  /** (inputs…, copies of the moving inputs…) → outputs, equal in value where the copies are. */
  readonly graph: Graph;
  /** The copies. */
  readonly copies: readonly Tensor[];
}

/**
 * The graph as a function of copies of some inputs, whose influence passes from unit to the same
 * unit and no further. Units lie along the last axis of each.
 * @param units  how many there are
 * @returns      a sentence that says where units are mixed, where that is refused
 */
export function alongUnits(
  graph: Graph,
  inputs: readonly Tensor[],
  units: number,
  mixing: Mixing,
): Along | string {
  const copies = inputs.map((t) => placeholder(t, t.name));
  const found = new Map<Node, (Moving | undefined)[]>();
  inputs.forEach((t, k) => {
    const row = found.get(t.node) ?? [];
    row[t.output] = { at: copies[k], axis: t.rank - 1 };
    found.set(t.node, row);
  });
  for (const node of topological(graph.outputs)) {
    if (found.has(node)) continue;
    const moving = node.args.map((a) => found.get(a.node)?.[a.output]);
    if (!moving.some((m) => m) || node.op === stopGradientOp) continue;
    const kept = follow(node, moving, units);
    if (kept) found.set(node, kept);
    else if (mixing === "refuse") return `${nameOf(node)} mixes the units of the state`;
    else if (mixing === "diagonal") {
      const own = ownUnit(node, moving, units);
      if (own) found.set(node, [own]);
    }
  }
  const reached = graph.outputs.map((t) => found.get(t.node)?.[t.output]);
  const aside = (m: Moving | undefined) => m !== undefined && m.axis !== m.at.rank - 1;
  if (mixing === "refuse" && reached.some(aside))
    return "the units of the next state do not lie along its last axis";
  const outputs = reached.map((m, k) => (m && !aside(m) ? m.at : graph.outputs[k]));
  return { copies, graph: { inputs: [...graph.inputs, ...copies], outputs } };
}

const nameOf = ({ op, attrs }: Node): string =>
  op === mapOp ? `"${nameOfMap(attrs as MapAttrs)}"` : `"${op.name}"`;

/** The node on what moves, where it keeps units apart. */
function follow(
  node: Node,
  moving: readonly (Moving | undefined)[],
  units: number,
): Moving[] | undefined {
  const given = node.args.map((t, k) => moving[k]?.at ?? t);
  const here = (axis: number): Moving[] => [{ at: record(node.op, given, node.attrs)[0], axis }];
  const axes = new Set(moving.flatMap((m) => (m ? [m.axis] : [])));
  const [axis] = axes;
  const { shape } = node.outputs[0];
  switch (node.op) {
    case mapOp: {
      const { operands, out } = node.attrs as MapAttrs;
      const letters = new Set(moving.flatMap((m, k) => (m ? [operands[k][m.axis]] : [])));
      const [letter] = letters;
      return letters.size === 1 && out.includes(letter) ? here(out.indexOf(letter)) : undefined;
    }
    case sliceOp: {
      const { sizes } = node.attrs as { sizes: readonly number[] };
      return sizes[axis] === units ? here(axis) : undefined;
    }
    case reshapeOp: {
      const before = sizeOf(node.args[0].shape.slice(0, axis));
      const place = shape.findIndex((n, d) => n === units && sizeOf(shape.slice(0, d)) === before);
      return place >= 0 ? here(place) : undefined;
    }
    case concatenateOp:
      return axes.size === 1 && (node.attrs as { axis: number }).axis !== axis
        ? here(axis)
        : undefined;
    case flipOp:
      return (node.attrs as { axes: readonly number[] }).axes.includes(axis)
        ? undefined
        : here(axis);
    default:
      return undefined;
  }
}

/**
 * Of a map that sums over units, the term of each unit's own:
 *   out[…, v] + (Σ over u = v of body(moving) − Σ over u = v of body(fixed))
 * which has the value of `out` and, of its derivatives, the diagonal.
 */
function ownUnit(
  node: Node,
  moving: readonly (Moving | undefined)[],
  units: number,
): Moving | undefined {
  if (node.op !== mapOp) return undefined;
  const { operands, out, body, sizes, dtype, reduce, name } = node.attrs as MapAttrs;
  const letters = new Set(moving.flatMap((m, k) => (m ? [operands[k][m.axis]] : [])));
  const [from] = letters;
  const to = out.at(-1);
  if (letters.size !== 1 || to === undefined || sizes[to] !== units || reduce !== "sum")
    return undefined;
  const diagonal = select(equal(index(from), index(to)), body, 0);
  const term = (args: readonly Tensor[]) =>
    recordMap(`${operands}->${out}`, diagonal, args, { sizes, dtype, name });
  const given = node.args.map((t, k) => moving[k]?.at ?? t);
  const change = add(slot(0), sub(slot(1), slot(2)));
  const at = recordEach(name, change, new Tensor(node, 0), term(given), term(node.args));
  return { at, axis: at.rank - 1 };
}
