/**
 * associativeScan: all running totals x₀, x₀∘x₁, x₀∘x₁∘x₂, … of an associative ∘ in log₂ T levels
 * instead of T steps. Neighbours are combined in pairs, the totals of the pairs are found by the
 * same rule, and every other total is one combination away. It is made of ops, so it needs no
 * rules.
 * Source: Blelloch 1990, Prefix sums and their applications, CMU-CS-90-190.
 */
import { fail } from "../errors.ts";
import { concatenate, stack } from "../ops/concatenate.ts";
import { flip } from "../ops/flip.ts";
import { reshapeTo } from "../ops/reshape.ts";
import { sliceOp } from "../ops/slice.ts";
import { type Graph, inline, trace } from "../tensor/graph.ts";
import { record, showType, type Tensor } from "../tensor/tensor.ts";
import { flatten, flattenLike, groupOf, rebuild } from "../tensor/tree.ts";
import { batch } from "../transform/batch.ts";
import { callGraph } from "../transform/function.ts";
import { checkState, named } from "./scanTree.ts";

/**
 * All running totals.
 *
 * @param combine   (earlier, later) → total: of single elements, associative
 * @param elements  tree of tensors [time, …]
 * @param reverse   totals from the end: combine is given (later, earlier)
 * @returns         tree like `elements`: at each time the total of everything up to it
 * @throws "scan-length", "state-shape", "tree-mismatch", "rank-mismatch"
 * Checked: equal to a scan of the same combination, for every length.
 */
export function associativeScan<E>(
  combine: (earlier: E, later: E) => E,
  elements: E,
  { reverse = false }: { reverse?: boolean } = {},
): E {
  const leaves = named(elements, "element", groupOf("elements", "associativeScan"));
  const time = lengthOf(leaves);
  if (time < 2) return elements;
  const moments = leaves.map(([, t]) => ({ shape: t.shape.slice(1), dtype: t.dtype }));
  const pair = trace([...moments, ...moments], (...both) => {
    const [a, b] = [both.slice(0, leaves.length), both.slice(leaves.length)];
    const total = combine(rebuild(elements, a) as E, rebuild(elements, b) as E);
    const found = flattenLike(elements, total, "the result of combine");
    found.forEach((t, k) => checkState("associativeScan", [leaves[k][0], moments[k]], t));
    return found;
  });
  const turn = (list: Tensor[]) => (reverse ? list.map((t) => flip(t, 0)) : list);
  const totals = trace(
    leaves.map(([, t]) => t),
    (...series) => turn(levels(pair, turn(series))),
    leaves.map(([name]) => name),
  );
  return rebuild(elements, callGraph(totals, flatten(elements))) as E;
}

function lengthOf(leaves: readonly (readonly [string, Tensor])[]): number {
  for (const [name, t] of leaves) {
    const show = (label: string, of: Tensor) => `element "${label}" ${showType(of)}`;
    if (t.rank === 0)
      fail("rank-mismatch", {
        op: "associativeScan",
        operand: show(name, t),
        expected: "a leading axis of time",
      });
    const [[first, other]] = leaves;
    if (t.shape[0] !== other.shape[0])
      fail("scan-length", {
        a: show(first, other),
        b: show(name, t),
        stepsA: other.shape[0],
        stepsB: t.shape[0],
      });
  }
  return leaves.length ? leaves[0][1].shape[0] : 0;
}

/** Totals of all prefixes of `x`, whose leaves are [time, …] with the same time ≥ 1. */
function levels(pair: Graph, x: Tensor[]): Tensor[] {
  const time = x[0].shape[0];
  if (time < 2) return x;
  const half = time >> 1;
  const both = (a: Tensor[], b: Tensor[]): Tensor[] =>
    a[0].shape[0] === 0
      ? []
      : inline(
          batch(
            pair,
            pair.inputs.map(() => true),
            a[0].shape[0],
          ),
          [...a, ...b],
        );
  const odd = levels(pair, both(every(x, 0, half), every(x, 1, half))); // totals at 1, 3, 5, …
  const more = time - half - 1; // totals at 2, 4, …: one element more than the odd one before
  const even = both(
    odd.map((t) => range(t, 0, more, 1)),
    every(x, 2, more),
  );
  return x.map((t, k) => {
    const start = range(t, 0, 1, 1);
    return interleave(more ? concatenate([start, even[k]], 0) : start, odd[k]);
  });
}

const every = (list: readonly Tensor[], start: number, size: number): Tensor[] =>
  list.map((t) => range(t, start, size, 2));

/** `size` elements along time, from `start`, `stride` apart. */
const range = (t: Tensor, start: number, size: number, stride: number): Tensor =>
  record(sliceOp, [t], {
    starts: t.shape.map((_, d) => (d === 0 ? start : 0)),
    sizes: t.shape.map((n, d) => (d === 0 ? size : n)),
    strides: t.shape.map((_, d) => (d === 0 ? stride : 1)),
  })[0];

/** a₀ b₀ a₁ b₁ …; a may have one element more than b. */
function interleave(a: Tensor, b: Tensor): Tensor {
  const n = b.shape[0];
  const body = reshapeTo(stack([range(a, 0, n, 1), b], 1), [2 * n, ...b.shape.slice(1)]);
  return a.shape[0] > n ? concatenate([body, range(a, n, 1, 1)], 0) : body;
}
