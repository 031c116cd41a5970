/**
 * resident: a function whose first argument lives in the program. Parameters, optimizer moments
 * and recurrent state survive calls and are updated in place; a call copies its inputs and its
 * outputs and nothing else.
 *
 *   const run = resident(step, { params, moments });
 *   const { loss } = run.call(batch);
 */
import { fail, type Notice } from "../errors.ts";
import type { Footprint, Program } from "../nest/program.ts";
import type { Data } from "../scalar/dtype.ts";
import { close } from "../tensor/graph.ts";
import { concrete, placeholder, showType, type Tensor, type Type } from "../tensor/tensor.ts";
import {
  alike,
  flatten,
  flattenArguments,
  flattenLike,
  groupOf,
  mapTree,
  paths,
  rebuild,
} from "../tensor/tree.ts";
import { spread } from "../transform/batched.ts";
import {
  checkJitOptions,
  compileGraph,
  type JitOptions,
  planGraph,
  signature,
} from "./compileGraph.ts";
import { traceShards } from "./shards.ts";

export interface Resident<C, O> {
  /** One call: the carry moves on inside, the outputs come back. */
  call(...inputs: any[]): O;
  /** A copy of the carry. */
  read(): C;
  write(carry: C): void;
  explain(): string;
  readonly peakBytes: number;
  /** What is to be said of how its programs were made. */
  readonly remarks: readonly Notice[];
  /** What a call on such inputs will take; nothing is compiled to code yet. */
  plan(...inputs: any[]): Footprint;
}

interface Compiled {
  readonly program: Program;
  /** Tensors of the types that it takes, in their tree. */
  readonly inputs: unknown;
  readonly outputs: readonly Type[];
  /** The tree that `f` returned beside the carry. */
  readonly result: unknown;
}

/**
 * Compile a function whose carry stays in the program.
 * @param f      (carry, …inputs) → [next carry, outputs]; both trees
 * @param carry  first values
 * @param options  `shards.inputs` begins with the carry; `shards.outputs` is about the outputs alone
 * @throws "state-shape" when f returns a carry of other shapes
 */
export function resident<C, O>(
  f: (carry: C, ...inputs: any[]) => readonly [C, O],
  carry: C,
  options: JitOptions = {},
): Resident<C, O> {
  checkJitOptions("resident", options);
  const { shards } = options;
  const first = flatten(carry, groupOf("carry", "resident"));
  const cache = new Map<string, Compiled>();
  let latest: Compiled | undefined;
  let current: Program | undefined;
  const values = new Map<number, Data>(first.map((t, i) => [i, t.data]));

  const trace = (inputs: readonly unknown[]) => {
    const traced = traceShards(
      (c: C, ...xs: unknown[]) => {
        const entering = flatten(c),
          [next, out] = f(c, ...xs);
        const leaves = flattenLike(carry, next, "resident carry");
        leaves.forEach((t, i) => sameType(t, entering[i], paths(carry)[i]));
        return [leaves, out];
      },
      [carry, ...inputs],
      "resident",
      shards,
      (all, byRows) => [
        ...byRows.slice(0, first.length),
        ...spread(shards?.outputs, (all as [unknown, unknown])[1], "shards.outputs of resident"),
      ],
    );
    // A program of its own cannot read a trace around it.
    for (const t of close(traced.graph).captured) fail("traced-value", { tensor: t.describe() });
    const kept = first.map((_, i) => [i, i] as const);
    return { ...traced, how: { ...options, shards: traced.sharding, resident: kept } };
  };
  const compile = (inputs: readonly unknown[]): Compiled => {
    const { graph, result, how, outputs } = trace(inputs);
    return {
      program: compileGraph(graph, how),
      inputs: mapTree(inputs, (t: Tensor) => placeholder(t)),
      outputs: outputs.slice(first.length).map(({ shape, dtype }) => ({ shape, dtype })),
      result: (result as [unknown, unknown])[1],
    };
  };
  const compiledFor = (inputs: readonly unknown[]): Compiled => {
    // Most calls are like the one before; a key made of text costs more than a small program.
    if (latest && alike(latest.inputs, inputs)) return latest;
    const key = signature(inputs);
    latest = cache.get(key) ?? compile(inputs);
    cache.set(key, latest);
    return latest;
  };
  const moveInto = (program: Program) => {
    if (current === program) return;
    first.forEach((_, i) => program.write(i, current ? current.read(i) : values.get(i)!));
    current = program;
  };
  const inside: undefined[] = first.map(() => undefined);
  return {
    call(...inputs) {
      const given = flattenArguments(inputs, "call").map((t) => t.data);
      const { program, outputs, result } = compiledFor(inputs);
      moveInto(program);
      const out = program.run([...inside, ...given]);
      return rebuild(
        result,
        outputs.map((type, i) => concrete(out[first.length + i]!, type)),
      );
    },
    read: () =>
      rebuild(
        carry,
        first.map((t, i) =>
          concrete(current ? current.read(i) : (values.get(i)!.slice() as Data), t as Type),
        ),
      ),
    write(next) {
      flattenLike(carry, next, "resident carry").forEach((t, i) => {
        sameType(t, first[i], paths(carry)[i]);
        if (current) current.write(i, t.data);
        else values.set(i, t.data);
      });
    },
    explain: () => current?.explain() ?? "not compiled yet: call it once",
    get peakBytes() {
      return current?.peakBytes ?? 0;
    },
    get remarks() {
      return current?.remarks ?? [];
    },
    plan(...inputs) {
      flattenArguments(inputs, "plan");
      const { graph, how } = trace(inputs);
      return planGraph(graph, how);
    },
  };
}

function sameType(t: Type, want: Type, name: string): void {
  if (showType(t) !== showType(want))
    fail("state-shape", {
      op: "resident",
      name: name || "carry",
      enters: showType(want),
      leaves: showType(t),
    });
}
