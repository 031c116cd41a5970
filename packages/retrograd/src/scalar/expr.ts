/**
 * Scalar expressions: the language in which bodies of maps are written.
 * An expression is a constant, a slot (the operand at the same place), the index of a letter, or a
 * scalar function of expressions. Each scalar function is one row: all that is known about it.
 */
import { fail } from "../errors.ts";
import type { DType } from "./dtype.ts";
import { dtypes, isFloat } from "./dtype.ts";

export type Expr =
  | { readonly kind: "const"; readonly value: number }
  | { readonly kind: "slot"; readonly index: number }
  | { readonly kind: "index"; readonly letter: string }
  | { readonly kind: "call"; readonly fn: Scalar; readonly args: readonly Expr[] };

export type Arg = Expr | number;

/** Wasm spelling for one dtype: the opcode for one number, and the one for a vector of lanes. */
export type WasmCode = readonly [one: number, lanes: number];

/** What a scalar function takes and gives: `same` T…→T, `compare` T,T→bool, or a fixed dtype. */
export type Rule = "same" | "compare" | "select" | DType;
export type Kind = "number" | "float" | "int" | "bool" | "any";

export interface Scalar {
  readonly name: string;
  /** Value in float64; bools are 0 and 1. The oracle every target is tested against. */
  evaluate(...x: number[]): number;
  /** Value for int32 where float64 would lose low bits. */
  evaluateInt?(...x: number[]): number;
  /** Partial derivatives, one per argument; `y` is the value already computed. */
  readonly partials: readonly ((args: readonly Expr[], y: Expr) => Expr)[];
  /**
   * The chain rule where a sum of partials would be wrong (a choice must not touch what it
   * rejects).
   */
  chain?(args: readonly Expr[], tangents: readonly Expr[]): Expr;
  readonly rule: Rule;
  readonly accepts: Kind;
  /** The same value from simpler rows; a row without it is spelled by every target. */
  expand?(args: readonly Expr[], dtype: DType): Expr;
  readonly wasm?: Partial<Record<DType, WasmCode>>;
  /** Identities that hold for every number, NaN and −0 included. */
  simplify?(args: readonly Expr[]): Expr | undefined;
  /** Rough cost in multiply-adds, for estimates only. */
  readonly cost: number;
}

export const constant = (value: number): Expr => ({ kind: "const", value });
export const slot = (index: number): Expr => ({ kind: "slot", index });
/** The index of a letter of the map, as int32: index("t") is 0, 1, 2, … along axis t. */
export const index = (letter: string): Expr => ({ kind: "index", letter });
const lift = (x: Arg): Expr => (typeof x === "number" ? constant(x) : x);
export const isConst = (e: Expr, value: number): boolean =>
  e.kind === "const" && Object.is(e.value, value);

/** All rows, by name, in the order of their declaration. */
export const scalars = new Map<string, Scalar>();

type Row = Omit<Scalar, "name" | "cost" | "accepts" | "rule"> &
  Partial<Pick<Scalar, "cost" | "accepts" | "rule">>;

/** Applied it makes an expression; `row` is all that is known about it. */
export interface ScalarFunction {
  (...args: Arg[]): Expr;
  readonly row: Scalar;
}
/** Declare a scalar function. */
export function scalar(name: string, given: Row): ScalarFunction {
  const row: Scalar = { rule: "same", accepts: "number", cost: 1, ...given, name };
  scalars.set(name, row);
  return Object.assign((...args: Arg[]) => call(row, args.map(lift)), { row });
}

/** Apply a row, folding constants and exact identities. */
export function call(fn: Scalar, args: readonly Expr[]): Expr {
  if (fn.rule !== "int32" && args.every((a) => a.kind === "const") && fn.accepts !== "int") {
    const value = fn.evaluate(...args.map((a) => (a as { value: number }).value));
    if (!mayWrap(fn, value)) return constant(value);
  }
  return fn.simplify?.(args) ?? { kind: "call", fn, args };
}

/** Constants have no dtype yet: one that int32 would wrap is computed where the dtype is known. */
const mayWrap = ({ rule, accepts }: Scalar, value: number): boolean =>
  rule === "same" && accepts === "number" && Number.isInteger(value) && (value | 0) !== value;

/**
 * The dtype of an expression, given those of its slots. A constant takes the dtype it meets.
 * @throws "dtype-mismatch" when two meet that differ
 */
export function dtypeOf(
  e: Expr,
  slots: readonly DType[],
  op = "map",
  weak: DType = "float32",
): DType {
  return infer(e, slots, op, new Map()) ?? weak;
}

function infer(
  e: Expr,
  slots: readonly DType[],
  op: string,
  seen: Map<Expr, DType | undefined>,
): DType | undefined {
  if (e.kind === "const") return undefined;
  if (e.kind === "slot") return slots[e.index];
  if (e.kind === "index") return "int32";
  if (seen.has(e)) return seen.get(e);
  const dtype = resultOf(
    e.fn,
    e.args.map((a) => infer(a, slots, op, seen)),
    op,
  );
  seen.set(e, dtype);
  return dtype;
}

function resultOf(fn: Scalar, args: readonly (DType | undefined)[], op: string): DType | undefined {
  const given = fn.rule === "select" ? args.slice(1) : args;
  const known = given.filter((d) => d !== undefined);
  const first = known[0];
  if (fn.rule === "select" && args[0] !== undefined && args[0] !== "bool")
    refuse(op, fn, [args[0]], "a bool condition");
  for (const d of known) if (d !== first) refuse(op, fn, known, "one dtype");
  if (first && !accepted(fn.accepts, first)) refuse(op, fn, known, ACCEPTED[fn.accepts]);
  if (fn.rule === "same" || fn.rule === "select") return first;
  return fn.rule === "compare" ? "bool" : fn.rule;
}

const ACCEPTED: Record<Kind, string> = {
  number: "a number",
  float: "a float32 or float64",
  int: "an int32",
  bool: "a bool",
  any: "anything",
};

function refuse(op: string, fn: Scalar, given: readonly DType[], expected: string): never {
  return fail("dtype-mismatch", {
    op: op === "map" ? fn.name : op,
    given: given.join(" and "),
    expected,
  });
}

function accepted(kind: Kind, dtype: DType): boolean {
  if (kind === "any") return true;
  if (kind === "number") return dtype !== "bool";
  if (kind === "float") return isFloat(dtype);
  return kind === "int" ? dtype === "int32" : dtype === "bool";
}

/** The dtype that argument i of a call takes if it is made of constants alone. */
export function argumentType(
  fn: Scalar,
  args: readonly Expr[],
  i: number,
  slots: readonly DType[],
  want: DType,
): DType {
  if (fn.rule === "select" && i === 0) return "bool";
  if (fn.rule === "same" || fn.rule === "select")
    return known(args.slice(fn.rule === "select" ? 1 : 0), slots) ?? want;
  if (fn.rule === "compare") return known(args, slots) ?? "float32";
  return known([args[i]], slots) ?? "float32";
}
function known(args: readonly Expr[], slots: readonly DType[]): DType | undefined {
  for (const a of args) {
    const dtype = infer(a, slots, "map", new Map());
    if (dtype) return dtype;
  }
  return undefined;
}

type Leaf = Exclude<Expr, { kind: "call" }>;
export type Call = Extract<Expr, { kind: "call" }>;

/** The call on other arguments; itself where they are the same. */
export const recall = (e: Call, args: readonly Expr[]): Expr =>
  args.every((a, i) => a === e.args[i]) ? e : call(e.fn, args);

/**
 * Rebuild `e` with its leaves replaced; shared parts stay shared.
 * @param make  what becomes of a call, given its arguments rebuilt
 * @param done  parts for which it is known what becomes of them
 */
export function rewrite(
  e: Expr,
  leaf: (e: Leaf) => Expr,
  make = recall,
  done = new Map<Expr, Expr>(),
): Expr {
  const visit = (x: Expr): Expr => {
    const known = done.get(x);
    if (known) return known;
    const y = x.kind === "call" ? make(x, x.args.map(visit)) : leaf(x);
    done.set(x, y);
    return y;
  };
  return visit(e);
}

/** Rebuild `e` with its slots substituted. */
export const bind = (e: Expr, f: (slot: number) => Expr): Expr =>
  rewrite(e, (l) => (l.kind === "slot" ? f(l.index) : l));

/** Visit every distinct part of `e` once, arguments first. */
export function parts(e: Expr, visit: (e: Expr) => void, seen: Set<Expr> = new Set()): void {
  if (seen.has(e)) return;
  seen.add(e);
  if (e.kind === "call") for (const a of e.args) parts(a, visit, seen);
  visit(e);
}

export function slotsOf(e: Expr): Set<number> {
  const slots = new Set<number>();
  parts(e, (x) => x.kind === "slot" && slots.add(x.index));
  return slots;
}

export function lettersOf(e: Expr): Set<string> {
  const letters = new Set<string>();
  parts(e, (x) => x.kind === "index" && letters.add(x.letter));
  return letters;
}

/** Text that is equal for equal expressions, as long as the number of their distinct parts. */
export function structure(e: Expr): string {
  const ids = new Map<Expr, number>();
  const known = new Map<string, number>();
  parts(e, (x) => {
    const line =
      x.kind === "call"
        ? `${x.fn.name}(${x.args.map((a) => ids.get(a))})`
        : x.kind === "const"
          ? Object.is(x.value, -0)
            ? "-0"
            : String(x.value)
          : x.kind === "slot"
            ? `$${x.index}`
            : `#${x.letter}`;
    if (!known.has(line)) known.set(line, known.size);
    ids.set(x, known.get(line)!);
  });
  return [...known.keys()].join(";");
}

/** e as a formula, for people. */
export function formula(e: Expr, name: (slot: number) => string = (k) => `$${k}`): string {
  switch (e.kind) {
    case "const":
      return String(e.value);
    case "slot":
      return name(e.index);
    case "index":
      return `index(${e.letter})`;
    case "call":
      return `${e.fn.name}(${e.args.map((a) => formula(a, name)).join(", ")})`;
  }
}

export { dtypes };
