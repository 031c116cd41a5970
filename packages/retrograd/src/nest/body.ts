/**
 * From scalar expressions to values of a kernel: rows that a target does not spell are expanded,
 * equal parts are computed once, products and sums become multiply-adds, and dtypes are made
 * explicit.
 */
import type { DType } from "../scalar/dtype.ts";
import { isFloat } from "../scalar/dtype.ts";
import { argumentType, call, dtypeOf, type Expr, fma, parts } from "../scalar/index.ts";
import type { Stmt, Value } from "./nest.ts";

/** Where a body's slots and letter indices come from. */
export interface Sources {
  readonly slots: readonly Value[];
  index(letter: string): Value;
}

/** Replace rows that have an expansion, until only spelled rows are left. */
export function expand(e: Expr, slots: readonly DType[]): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (x: Expr): Expr => {
    if (x.kind !== "call") return x;
    const known = done.get(x);
    if (known) return known;
    const args = x.args.map(visit);
    const same = args.every((a, i) => a === x.args[i]);
    const own = x.fn.expand?.(args, dtypeOf(args[0], slots));
    const y = own ? visit(own) : same ? x : call(x.fn, args);
    done.set(x, y);
    return y;
  };
  return visit(e);
}

/**
 * a·b + c becomes one multiply-add where the product is used once. Bodies only, never expansions.
 */
export function contractProducts(e: Expr, slots: readonly DType[]): Expr {
  const uses = new Map<Expr, number>();
  parts(e, (x) => x.kind === "call" && x.args.forEach((a) => uses.set(a, (uses.get(a) ?? 0) + 1)));
  const done = new Map<Expr, Expr>();
  const visit = (x: Expr): Expr => {
    if (x.kind !== "call") return x;
    const known = done.get(x);
    if (known) return known;
    const product = (k: number) => {
      const a = x.args[k];
      return a.kind === "call" && a.fn.name === "mul" && uses.get(a) === 1 ? a : undefined;
    };
    const found =
      x.fn.name === "add" && isFloat(dtypeOf(x, slots)) ? (product(0) ?? product(1)) : undefined;
    const args = x.args.map(visit);
    const y: Expr = found
      ? fma(visit(found.args[0]), visit(found.args[1]), args[found === x.args[0] ? 1 : 0])
      : args.every((a, i) => a === x.args[i])
        ? x
        : call(x.fn, args);
    done.set(x, y);
    return y;
  };
  return visit(e);
}

/** Writes the statements of a kernel's innermost body, computing equal values once. */
export class Body {
  readonly statements: Stmt[] = [];
  readonly #known = new Map<string, Value>();
  readonly #ids = new Map<Value, number>();
  readonly #lanes: number;
  readonly #prefix: string;
  constructor(lanes: number, prefix: string) {
    this.#lanes = lanes;
    this.#prefix = prefix;
  }

  /** The value of `e`, as dtype `want` where the expression leaves it open. */
  value(e: Expr, from: Sources, want: DType): Value {
    const slots = from.slots.map((s) => s.dtype);
    return this.#build(expand(e, slots), from, slots, want, new Map());
  }

  #build(
    e: Expr,
    from: Sources,
    slots: readonly DType[],
    want: DType,
    seen: Map<string, Value>,
    ids = new Map<Expr, number>(),
  ): Value {
    const id = ids.get(e) ?? ids.size;
    ids.set(e, id);
    const key = `${id}:${want}`;
    const done = seen.get(key);
    if (done) return done;
    const value = this.#make(e, from, slots, want, seen, ids);
    seen.set(key, value);
    return value;
  }

  #make(
    e: Expr,
    from: Sources,
    slots: readonly DType[],
    want: DType,
    seen: Map<string, Value>,
    ids: Map<Expr, number>,
  ): Value {
    if (e.kind === "slot") return from.slots[e.index];
    if (e.kind === "index") return this.#share(from.index(e.letter), `i${e.letter}`);
    if (e.kind === "const")
      return this.#share(
        { kind: "number", value: e.value, dtype: want, lanes: this.#lanes },
        `n${Object.is(e.value, -0) ? "-0" : e.value}:${want}`,
      );
    const args = e.args.map((a, i) =>
      this.#build(a, from, slots, argumentType(e.fn, e.args, i, slots, want), seen, ids),
    );
    const dtype =
      e.fn.rule === "compare"
        ? "bool"
        : e.fn.rule === "same"
          ? args[0].dtype
          : e.fn.rule === "select"
            ? args[1].dtype
            : e.fn.rule;
    return this.#share(
      { kind: "call", fn: e.fn, args, dtype, lanes: this.#lanes },
      `${e.fn.name}(${args.map((a) => this.#idOf(a))})${dtype}`,
    );
  }

  /** Equal values are one value; calls get a name, so that they are computed once. */
  #share(value: Value, key: string): Value {
    const known = this.#known.get(key);
    if (known) return known;
    const shared = value.kind === "call" ? this.define(value) : value;
    this.#known.set(key, shared);
    return shared;
  }
  define(value: Value): Value {
    const name = `${this.#prefix}${this.statements.length}`;
    this.statements.push({ kind: "let", name, value });
    return { kind: "local", name, dtype: value.dtype, lanes: value.lanes };
  }
  /** Load once, whoever reads it. */
  load(value: Value, key: string): Value {
    const known = this.#known.get(key);
    if (known) return known;
    const local = this.define(value);
    this.#known.set(key, local);
    return local;
  }
  #idOf(v: Value): number {
    const id = this.#ids.get(v) ?? this.#ids.size;
    this.#ids.set(v, id);
    return id;
  }
}
