/**
 * resident: a function whose first argument lives in the program. Parameters, optimizer moments
 * and recurrent state survive calls and are updated in place; a call copies its inputs and its
 * outputs and nothing else.
 *
 *   const run = resident(step, { params, moments });
 *   const { loss } = run.call(batch);
 */
import { fail } from "../errors.ts";
import type { Program } from "../nest/program.ts";
import type { Data } from "../scalar/dtype.ts";
import { close } from "../tensor/graph.ts";
import { concrete, showType, type Type } from "../tensor/tensor.ts";
import { flatten, flattenLike, paths, rebuild } from "../tensor/tree.ts";
import { type Traced, traceTree } from "../transform/function.ts";
import { checkOptions, compileGraph, type JitOptions, signature } from "./compileGraph.ts";

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
 * Compile a function whose carry stays in the program.
 * @param f      (carry, …inputs) → [next carry, outputs]; both trees
 * @param carry  first values
 * @throws "state-shape" when f returns a carry of other shapes
 */
export function resident<C, O>(
  f: (carry: C, ...inputs: any[]) => readonly [C, O],
  carry: C,
  options: JitOptions = {},
): Resident<C, O> {
  checkOptions("resident", options);
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
    // A program of its own cannot read a trace around it.
    for (const t of close(traced.graph).captured) fail("traced-value", { tensor: t.describe() });
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
        key = signature(inputs);
      let entry = cache.get(key);
      if (!entry) cache.set(key, (entry = compile(inputs)));
      const given = leaves.map((t) => t.data);
      moveInto(entry.program);
      const out = entry.program.run([...first.map(() => undefined), ...given]);
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
    fail("state-shape", {
      op: "resident",
      name: name || "carry",
      enters: showType(want),
      leaves: showType(t),
    });
}
