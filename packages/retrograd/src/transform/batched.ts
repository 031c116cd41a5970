/**
 * batch: a function of one sample becomes a function of many. The arguments get a leading axis, and
 * so does everything that is returned; what is not batched is shared by all samples.
 */
import { fail } from "../errors.ts";
import type { Type } from "../tensor/tensor.ts";
import { flattenArguments, leavesOf, rebuild } from "../tensor/tree.ts";
import { batch as batchOfGraph } from "./batch.ts";
import { callGraph, namesOf, traceTree } from "./function.ts";

/** 0: samples lie along the leading axis; null: every sample sees the same. Or a tree of these. */
export type Axes = 0 | null | readonly Axes[] | { readonly [key: string]: Axes };

export interface BatchOptions {
  /** One entry per argument; an argument (or a branch of its tree) without one is batched. */
  axes?: readonly Axes[];
}

/**
 * The function of many samples, from the function of one.
 * @param f     (…trees) → tree, of one sample
 * @param axes  which arguments are batched; all of them unless told
 * @returns     function of trees whose batched leaves are [samples, …]; returns leaves [samples, …]
 * @throws "axis-mismatch", "rank-mismatch", "bad-argument", "unknown-option"
 * Checked: equal to the samples one by one.
 */
export function batch<F extends (...args: any[]) => unknown>(
  f: F,
  { axes = [] }: BatchOptions = {},
): F {
  const batched = (...args: unknown[]) => {
    const leaves = flattenArguments(args, "batch");
    if (!Array.isArray(axes) || axes.length > args.length)
      fail("bad-argument", {
        where: "batch",
        given: Array.isArray(axes)
          ? `axes for ${axes.length} arguments, and ${args.length} arguments`
          : `axes ${String(axes)}`,
        expected: "a list with one entry of axes per argument",
      });
    const which = args.flatMap((arg, k) => spread(axes[k], arg));
    const size = samples(leaves, which, namesOf(args));
    const types = leaves.map((t, i) => ({
      shape: which[i] ? t.shape.slice(1) : t.shape,
      dtype: t.dtype,
    }));
    const { graph, result } = traceTree(f, args, "batch", types);
    return rebuild(result, callGraph(batchOfGraph(graph, which, size), leaves));
  };
  return batched as F;
}

/** Whether each leaf of `tree` has the leading axis, from a prefix of the tree. */
export function spread(axes: Axes | undefined, tree: unknown, where = "axes of batch"): boolean[] {
  const leaves = leavesOf(tree);
  if (axes === undefined || axes === 0) return leaves.map(() => true);
  if (axes === null) return leaves.map(() => false);
  const bad =
    typeof axes !== "object" ? axes : Object.keys(axes).find((k) => !(k in (tree as object)));
  if (bad !== undefined)
    fail("unknown-option", {
      where,
      given: String(bad),
      known: ["0", "null", ...Object.keys(tree as object)].join(", "),
    });
  return Object.entries(tree as object).flatMap(([k, branch]) =>
    spread((axes as Record<string, Axes>)[k], branch, where),
  );
}

/** The number of samples, on which all batched leaves must agree. */
function samples(
  leaves: readonly Type[],
  which: readonly boolean[],
  names: readonly string[],
): number {
  const chosen = leaves.map((_, i) => i).filter((i) => which[i]);
  const show = (i: number) => `${names[i]} [${leaves[i].shape.join(", ")}]`;
  if (chosen.length === 0)
    fail("bad-argument", {
      where: "batch",
      given: "no batched argument",
      expected: "at least one argument with a leading axis of samples",
    });
  for (const i of chosen)
    if (leaves[i].shape.length === 0)
      fail("rank-mismatch", {
        op: "batch",
        operand: show(i),
        expected: "a leading axis of samples (or null in axes)",
      });
  const [first] = chosen;
  const size = leaves[first].shape[0];
  for (const i of chosen)
    if (leaves[i].shape[0] !== size)
      fail("axis-mismatch", {
        op: "batch",
        axis: "samples",
        a: show(first),
        b: show(i),
        sizeA: size,
        sizeB: leaves[i].shape[0],
      });
  return size;
}
