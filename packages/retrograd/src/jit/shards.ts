/**
 * Shards: a function is traced for a part of the rows, and the program runs it for all parts at
 * once. What it returns of its rows is joined again; what the parts must agree on it adds up with
 * allReduce.
 *
 *   const step = jit(
 *     (params: Params, batch: Batch) => allReduce(grad(loss)(params, batch)),
 *     { shards: { count: 2, inputs: [null, 0], outputs: null } },
 *   );
 */
import { fail } from "../errors.ts";
import type { Sharding } from "../nest/program.ts";
import { forShards } from "../ops/allReduce.ts";
import { showType, type Type } from "../tensor/tensor.ts";
import { flattenArguments } from "../tensor/tree.ts";
import { type Axes, spread } from "../transform/batched.ts";
import { namesOf, type Traced, traceTree } from "../transform/function.ts";

export interface Shards {
  readonly count: number;
  /**
   * For each argument: 0 where its rows are cut into equal parts, null where every shard sees the
   * same; or a tree of these.
   */
  readonly inputs: readonly Axes[];
  /**
   * The same for what is returned. What is null must be equal in all shards, as it is when it
   * depends on the rows through allReduce alone: it is read from the first.
   */
  readonly outputs: Axes;
}

/** A traced function, and how its values are spread. */
export interface Spread extends Traced {
  readonly sharding: Sharding | undefined;
  /** Types of the outputs, with all their rows. */
  readonly outputs: readonly Type[];
}

/** A thread of JavaScript takes 8 MB, and an engine that gets no more ends without a word. */
export const MOST_SHARDS = 512;
/** @throws "bad-argument" */
export function checkCountOfShards(where: string, count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MOST_SHARDS)
    fail("bad-argument", {
      ...{ where, given: String(count), expected: `a whole number from 1 to ${MOST_SHARDS}` },
    });
}

/** @throws "bad-argument" */
export function checkShards(where: string, { count, inputs }: Shards): void {
  checkCountOfShards(`shards.count of ${where}`, count);
  if (!Array.isArray(inputs))
    fail("bad-argument", {
      where: `shards.inputs of ${where}`,
      given: String(inputs),
      expected: "a list with 0 (by rows) or null (whole) per argument",
    });
}

/**
 * Trace a function for one of its shards.
 * @param outputsOf  which outputs go by rows, given what was returned and which inputs do
 * @throws "shard-rows", "unknown-option"
 */
export function traceShards(
  f: (...args: any[]) => unknown,
  args: readonly unknown[],
  of: string,
  shards: Shards | undefined,
  outputsOf: (result: unknown, inputs: readonly boolean[]) => boolean[],
): Spread {
  if (!shards || shards.count === 1) {
    const traced = traceTree(f, args, of);
    return { ...traced, sharding: undefined, outputs: traced.graph.outputs };
  }
  const { count } = shards,
    leaves = flattenArguments(args, of);
  const inputs = args.flatMap((arg, k) => spread(shards.inputs[k], arg, `shards.inputs of ${of}`));
  const names = namesOf(args);
  const types = leaves.map((t, i) => (inputs[i] ? partOf(t, count, names[i]) : t));
  const traced = forShards(() => traceTree(f, args, of, types));
  const outputs = outputsOf(traced.result, inputs);
  const whole = traced.graph.outputs.map((t, i): Type => {
    if (!outputs[i]) return t;
    if (t.shape.length === 0) fail("shard-rows", noRows(`output ${i} of ${of}`, t, count));
    return { shape: [t.shape[0] * count, ...t.shape.slice(1)], dtype: t.dtype };
  });
  return { ...traced, sharding: { count, inputs, outputs }, outputs: whole };
}

function partOf(t: Type, shards: number, name: string): Type {
  const [rows, ...rest] = t.shape;
  if (rows === undefined || rows % shards !== 0) fail("shard-rows", noRows(name, t, shards));
  return { shape: [rows / shards, ...rest], dtype: t.dtype };
}
const noRows = (name: string, t: Type, shards: number) => ({
  ...{ what: `${name} ${showType(t)}`, rows: t.shape[0] as number | undefined, shards },
});
