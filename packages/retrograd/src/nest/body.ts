/**
 * From scalar expressions to values of a kernel: rows that a target does not spell are expanded,
 * equal parts are computed once, and dtypes are made explicit.
 */
import type { DType } from "../scalar/dtype.ts";
import { argumentType, type Call, dtypeOf, type Expr, recall, rewrite } from "../scalar/index.ts";
import type { Stmt, Value } from "./nest.ts";
import { call, local, number, put } from "./values.ts";

/** Where a body's slots and letter indices come from. */
export interface Sources {
  readonly slots: readonly Value[];
  index(letter: string): Value;
}

/** Replace rows that have an expansion, until only spelled rows are left. */
export function expand(e: Expr, slots: readonly DType[], done = new Map<Expr, Expr>()): Expr {
  const make = (e: Call, args: readonly Expr[]): Expr => {
    const simpler = e.fn.expand?.(args, dtypeOf(args[0], slots));
    return simpler ? expand(simpler, slots, done) : recall(e, args);
  };
  return rewrite(e, (leaf) => leaf, make, done);
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
        number(e.value, want, this.#lanes),
        `n${Object.is(e.value, -0) ? "-0" : e.value}:${want}`,
      );
    const args = e.args.map((a, i) =>
      this.#build(a, from, slots, argumentType(e.fn, e.args, i, slots, want), seen, ids),
    );
    const made = call({ row: e.fn }, ...args);
    return this.#share(made, `${e.fn.name}(${args.map((a) => this.#idOf(a))})${made.dtype}`);
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
    this.statements.push(put("let", name, value));
    return local(name, value.dtype, value.lanes);
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
