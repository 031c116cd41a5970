/**
 * jit and resident: a function traced per input types, compiled once, cached.
 *
 *   const fast = jit((x: Tensor) => x.tanh().sum());          // arguments in, results out
 *   const run = resident(step, { params, moments });          // the carry stays in the program
 *   const { loss } = run.call(batch);                   // copies the batch in and the loss out
 */
import { fail } from "../errors.ts";
import type { CompileOptions, Program } from "../nest/program.ts";
import type { Data } from "../scalar/dtype.ts";
import { type Graph, trace } from "../tensor/graph.ts";
import { concrete, showType, type Type } from "../tensor/tensor.ts";
import { flatten, flattenLike, paths, rebuild } from "../tensor/tree.ts";
import { targetNamed } from "./target.ts";

export type TargetName = "auto" | "wasm" | "native" | "reference";
export interface JitOptions {
  target?: TargetName;
  memoryLimit?: number;
}

/** A traced function: its graph and how to put results back into the tree it returned. */
export interface Traced {
  graph: Graph;
  result: unknown;
}

/** Trace `f` on tensors of the types of `args` (trees). */
export function traceTree(f: (...args: any[]) => unknown, args: readonly unknown[]): Traced {
  const leaves = flatten(args);
  let result: unknown;
  const graph = trace(
    leaves,
    (...xs) => {
      result = f(...(rebuild(args, xs) as unknown[]));
      return flatten(result);
    },
    paths(args).map((p) => p.replace(/^\d+\.?/, "") || undefined),
  );
  return { graph, result };
}

const keyOf = (leaves: readonly Type[]): string => leaves.map((t) => showType(t)).join(";");

export interface Jitted<F> {
  (...args: any[]): any;
  explain(): string;
  readonly original: F;
}

/**
 * Compile `f` for the types of its arguments, once per types.
 * @param f  function of trees of tensors, returning a tree of tensors
 */
export function jit<F extends (...args: any[]) => unknown>(
  f: F,
  options: JitOptions = {},
): F & Jitted<F> {
  const cache = new Map<string, { program: Program; traced: Traced }>();
  let last: Program | undefined;
  const compiled = (...args: unknown[]) => {
    const leaves = flatten(args);
    if (leaves.some((t) => !t.isConcrete)) return f(...args); // inside another trace: inlined
    const key = `${paths(args).join()}|${keyOf(leaves)}`;
    let entry = cache.get(key);
    if (!entry) {
      const traced = traceTree(f, args);
      entry = { traced, program: compileGraph(traced.graph, options) };
      cache.set(key, entry);
    }
    last = entry.program;
    const out = entry.program.run(leaves.map((t) => t.data));
    return rebuild(
      entry.traced.result,
      out.map((data, i) => concrete(data!, entry.traced.graph.outputs[i])),
    );
  };
  return Object.assign(compiled, {
    explain: () => last?.explain() ?? "not compiled yet: call it once",
    original: f,
  }) as unknown as F & Jitted<F>;
}

export const compileGraph = (
  graph: Graph,
  { target = "auto", ...options }: JitOptions & CompileOptions,
): Program => targetNamed(target).compile(graph, options);

export interface Resident<C, O> {
  /** One call: the carry moves on inside, the outputs come back. */
  call(...inputs: any[]): O;
  /** A copy of the carry. */
  read(): C;
  write(carry: C): void;
  explain(): string;
  readonly peakBytes: number;
}

/**
 * A function whose first argument lives in the program: parameters, optimizer moments, recurrent
 * state. They survive calls and are updated in place; a call copies its inputs and outputs and
 * nothing else.
 * @param f      (carry, …inputs) → [next carry, outputs]; both trees
 * @param carry  first values
 * @throws "state-shape" when f returns a carry of other shapes
 */
export function resident<C, O>(
  f: (carry: C, ...inputs: any[]) => readonly [C, O],
  carry: C,
  options: JitOptions = {},
): Resident<C, O> {
  const first = flatten(carry);
  const cache = new Map<string, { program: Program; traced: Traced }>();
  let current: Program | undefined;
  const values = new Map<number, Data>(first.map((t, i) => [i, t.data]));

  const compile = (inputs: readonly unknown[]) => {
    const traced = traceTree(
      (c: C, ...xs: unknown[]) => {
        const [next, outputs] = f(c, ...xs);
        const leaves = flattenLike(carry, next, "resident carry");
        leaves.forEach((t, i) => sameType(t, first[i], paths(carry)[i]));
        return [leaves, outputs];
      },
      [carry, ...inputs],
    );
    const program = compileGraph(traced.graph, {
      ...options,
      resident: first.map((_, i) => [i, i] as const),
    });
    return { program, traced };
  };
  const moveInto = (program: Program) => {
    if (current === program) return;
    first.forEach((_, i) => program.write(i, current ? current.read(i) : values.get(i)!));
    current = program;
  };
  return {
    call(...inputs) {
      const leaves = flatten(inputs),
        key = keyOf(leaves);
      let entry = cache.get(key);
      if (!entry) cache.set(key, (entry = compile(inputs)));
      moveInto(entry.program);
      const out = entry.program.run([...first.map(() => undefined), ...leaves.map((t) => t.data)]);
      const { outputs } = entry.traced.graph,
        [, like] = entry.traced.result as [unknown, O];
      return rebuild(
        like,
        out.slice(first.length).map((data, i) => concrete(data!, outputs[first.length + i])),
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
  };
}

function sameType(t: Type, want: Type, name: string): void {
  if (showType(t) !== showType(want))
    fail("state-shape", { op: "resident", name, enters: showType(want), leaves: showType(t) });
}
