/**
 * The pass over memory that would follow a sum: the maps of its elements, and of theirs, that can
 * be computed at once. Where all of it is cheap, it is done while the sum lies in registers.
 */
import { isElementwise, type MapAttrs } from "../ops/map.ts";
import { lettersOf } from "../scalar/index.ts";
import type { Node, Tensor } from "../tensor/tensor.ts";
import { isInline, isView } from "./places.ts";
import { costOf } from "./pointwise.ts";

/** Multiply-adds for each element from which on a pass of its own costs no more. */
const CHEAP = 12;

/**
 * The maps after `sum`, in order; none where they are dear.
 * @param later  what is still to be computed, in order
 */
export function passAfter(
  sum: Node<MapAttrs>,
  later: readonly Node[],
  isKnown: (t: Tensor) => boolean,
): Node<MapAttrs>[] {
  const space = sum.outputs[0].shape.join(),
    pending = new Set(later),
    found = new Set<Node>([sum]);
  const mayJoin = (n: Node): boolean =>
    pending.has(n) &&
    n.op.lower === "map" &&
    isElementwise(n.attrs) &&
    !isView(n) &&
    !isInline(n) &&
    n.outputs[0].shape.join() === space;
  /** What has to be computed so that `n` can be, `n` the last; undefined where that cannot be. */
  const upTo = (n: Node): Node[] | undefined => {
    if (found.has(n)) return [];
    if (!mayJoin(n)) return undefined;
    const before: Node[] = [];
    for (const [k, a] of n.args.entries()) {
      if (isKnown(a)) continue;
      const more = n.attrs.operands[k] === n.attrs.out ? upTo(a.node) : undefined;
      if (!more) return undefined;
      before.push(...more);
    }
    return [...before, n];
  };
  for (const n of later)
    if (!found.has(n) && n.args.some((a) => found.has(a.node)))
      for (const m of upTo(n) ?? []) found.add(m);
  const [, ...pass] = found as Set<Node<MapAttrs>>;
  const isSimple = pass.every((n) => lettersOf(n.attrs.body).size === 0);
  const cost = pass.reduce((total, n) => total + costOf(n.attrs.body), 0);
  return isSimple && cost <= CHEAP ? pass : [];
}
