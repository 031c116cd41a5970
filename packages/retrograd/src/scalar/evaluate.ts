/**
 * The value of an expression in float64, and its derivative: the two things that follow from the
 * rows alone.
 */

import { add, mul } from "./arithmetic.ts";
import type { DType } from "./dtype.ts";
import {
  argumentType,
  type Call,
  constant,
  dtypeOf,
  type Expr,
  isConst,
  parts,
  rewrite,
} from "./expr.ts";

/** Reads operand `slot`, or the index of a letter, at the place being computed. */
export interface Places {
  slots: Float64Array | number[];
  indices: Record<string, number>;
}

/** Turn `e` into a function of a place: each distinct part is computed once per call. */
export function compileReference(e: Expr, slots: readonly DType[]): (at: Places) => number {
  const order: Expr[] = [];
  parts(e, (x) => order.push(x));
  const register = new Map(order.map((x, i) => [x, i]));
  const values = new Float64Array(order.length);
  const dtypes = dtypesOf(order, slots);
  const run = order.map((x, i): ((at: Places) => void) => {
    switch (x.kind) {
      case "const":
        values[i] = x.value;
        return () => {};
      case "slot":
        return (at) => {
          values[i] = at.slots[x.index];
        };
      case "index":
        return (at) => {
          values[i] = at.indices[x.letter];
        };
      case "call": {
        const at = x.args.map((a) => register.get(a)!);
        const [a, b, c] = at;
        const wrap = dtypes[i] === "int32";
        const evaluate = (wrap && x.fn.evaluateInt) || x.fn.evaluate;
        const f =
          at.length === 1
            ? () => evaluate(values[a])
            : at.length === 2
              ? () => evaluate(values[a], values[b])
              : () => evaluate(values[a], values[b], values[c]);
        return wrap
          ? () => {
              values[i] = f() | 0;
            }
          : () => {
              values[i] = f();
            };
      }
    }
  });
  const active = run.filter((_, i) => order[i].kind !== "const");
  const last = order.length - 1;
  return (at) => {
    for (const f of active) f(at);
    return values[last];
  };
}

/** The dtype of each part; parts made of constants alone take the dtype of what reads them. */
function dtypesOf(order: readonly Expr[], slots: readonly DType[]): DType[] {
  const wanted = new Map<Expr, DType>();
  for (const x of [...order].reverse()) {
    if (x.kind !== "call") continue;
    const want = wanted.get(x) ?? "float32";
    x.args.forEach((a, i) => {
      wanted.set(a, argumentType(x.fn, x.args, i, slots, want));
    });
  }
  return order.map((x) => dtypeOf(x, slots, "map", wanted.get(x)));
}

/** d e / d slot(k), by the chain rule over the rows. */
export function derivative(e: Expr, k: number): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (x: Expr): Expr => {
    if (x.kind === "slot") return constant(x.index === k ? 1 : 0);
    if (x.kind !== "call") return constant(0);
    const known = done.get(x);
    if (known) return known;
    const tangents = x.args.map(visit);
    const d = tangents.every((t) => isConst(t, 0))
      ? constant(0)
      : (x.fn.chain?.(x.args, tangents) ?? sumOfPartials(x, tangents));
    done.set(x, d);
    return d;
  };
  return visit(e);
}

function sumOfPartials(x: Call, tangents: readonly Expr[]): Expr {
  const terms = tangents.map((t, i) => (isConst(t, 0) ? t : times(x.fn.partials[i](x.args, x), t)));
  const [first, ...rest] = terms.filter((term) => !isConst(term, 0));
  return first ? rest.reduce((a, b) => add(a, b), first) : constant(0);
}

/** A product where an exact zero stays an exact zero. */
export const times = (a: Expr, b: Expr): Expr =>
  isConst(a, 0) || isConst(b, 0) ? constant(0) : mul(a, b);

/** Replace every occurrence of the part `from` of `e`, found by identity. */
export const replacePart = (e: Expr, from: Expr, to: Expr): Expr =>
  rewrite(
    e,
    (leaf) => leaf,
    (x, args) => (args.every((a, i) => a === x.args[i]) ? x : { ...x, args }),
    new Map([[from, to]]),
  );
