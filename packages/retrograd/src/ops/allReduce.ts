/**
 * allReduce: sums over the shards of a program. Each shard gives tensors of its own and gets, in
 * their places, the sums of what all shards gave, so that afterwards every shard holds the same
 * bits. One call takes many tensors, because shards wait for each other once per call.
 *
 * Every shard's result depends on what every shard gives, with weight 1: tangents add up like
 * values, and a shard's cotangent is the sum of all.
 */
import { fail } from "../errors.ts";
import { apply, type Maybe, type Op, record, showType, type Tensor } from "../tensor/tensor.ts";
import { flatten, rebuild } from "../tensor/tree.ts";
import { repeated } from "./repeat.ts";

type None = Record<string, never>;

export const allReduceOp: Op<None> = {
  name: "allReduce",
  lower: "collective",
  shape(args) {
    for (const t of args)
      if (t.dtype === "bool")
        fail("dtype-mismatch", { op: "allReduce", given: showType(t), expected: "numbers" });
    return args.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  /** What one shard alone sees. */
  evaluate: (_, args) => [...args],
  jvp: (_, tangents) => added(tangents),
  vjp: (_, cotangents) => added(cotangents),
  batch: (_, args, batched, size) =>
    record(
      allReduceOp,
      args.map((a, k) => (batched[k] ? a : repeated(a, size))),
      {},
    ),
};

/** The sums of those that are there. */
function added(list: readonly Maybe[]): Maybe[] {
  const given = list.filter((t) => t !== undefined);
  const sums = given.length ? record(allReduceOp, given, {}) : [];
  let next = 0;
  return list.map((t) => t && sums[next++]);
}

let recording = 0;
/** Run `f`, which traces a program for several shards: a constant also counts once per shard. */
export function forShards<T>(f: () => T): T {
  recording++;
  try {
    return f();
  } finally {
    recording--;
  }
}

/**
 * The sums over all shards of a tensor or a tree of tensors of numbers; itself where there is one.
 *   y = Σₖ xₖ, added in the order of the shards
 * @returns the same tree, equal to the bit in every shard
 * @throws  "dtype-mismatch" for bools; when compiled for shards, "collective-inside" within a loop
 */
export function allReduce<T>(tree: T): T {
  const leaves: Tensor[] = flatten(tree);
  if (leaves.length === 0) return tree;
  const sums = (recording ? record : apply)(allReduceOp, leaves, {});
  return rebuild(tree, sums);
}
