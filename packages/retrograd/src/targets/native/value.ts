/**
 * Values of a kernel as C expressions, for one number or a vector of lanes. Most rows are an
 * operator; the table says which, and what the others call. prelude.ts has what they call.
 */
import type { Value } from "../../nest/nest.ts";
import { literal, typeOf } from "./types.ts";

/** What a value needs from the function around it. */
export interface Printer {
  readonly vectorBytes: number;
  /** a·b + c rounded once, for one number too. */
  readonly fma: boolean;
  get(name: string): string;
  load(v: Value & { kind: "load" }): string;
  index(v: Value & { kind: "index" }): string;
}
type Call = Value & { kind: "call" };

/** Never bracketed from outside: an operator brackets itself. */
export function printValue(v: Value, p: Printer): string {
  switch (v.kind) {
    case "number":
      return printNumber(v, p);
    case "local":
      return p.get(v.name);
    case "load":
      return p.load(v);
    case "index":
      return p.index(v);
    case "splat":
      return `${typeOf(v, p.vectorBytes)}_of(${printValue(v.value, p)})`;
    case "lane": {
      const lane = `${printValue(v.value, p)}[${v.lane}]`;
      return v.dtype === "bool" ? `(int)(${lane} & 1)` : lane;
    }
    case "turned": {
      const given = printValue(v.value, p);
      const lanes = Array.from({ length: v.lanes }, (_, l) => `${given}[${(l + v.by) % v.lanes}]`);
      return `(${typeOf(v, p.vectorBytes)}){${lanes.join(", ")}}`;
    }
    case "call":
      return printCall(v, p);
  }
}

function printNumber(v: Value & { kind: "number" }, p: Printer): string {
  if (v.lanes === 1) return literal(v.value, v.dtype);
  const type = typeOf(v, p.vectorBytes);
  if (v.dtype === "bool") return `((${type}){0} - ${v.value ? 1 : 0})`;
  return `${type}_of(${literal(v.value, v.dtype)})`;
}

function printCall(v: Call, p: Printer): string {
  const spell = spellings[v.fn.name];
  if (!spell) throw new Error(`C has no spelling for ${v.fn.name} of ${v.args[0].dtype}`);
  return spell(
    v.args.map((a) => printValue(a, p)),
    { v, p, given: v.args[0], type: typeOf(v.args[0], p.vectorBytes), many: v.lanes > 1 },
  );
}

/** The call that is spelled, its first argument and that one's C type. */
interface Site {
  readonly v: Call;
  readonly p: Printer;
  readonly given: Value;
  readonly type: string;
  readonly many: boolean;
}
type Spelling = (args: readonly string[], site: Site) => string;

const operator =
  (symbol: string): Spelling =>
  ([a, b]) =>
    `(${a} ${symbol} ${b})`;
/** A comparison of vectors has a type of its own; a cast makes it ours. */
const comparison =
  (symbol: string): Spelling =>
  ([a, b], { v, p, many }) =>
    many ? `(${typeOf(v, p.vectorBytes)})(${a} ${symbol} ${b})` : `(${a} ${symbol} ${b})`;
/** A function of the prelude, named after the type it takes. */
const helper =
  (name: string): Spelling =>
  (args, { type }) =>
    `${type}_${name}(${args.join(", ")})`;
/** C's own function for one number, and the prelude's for many. */
const builtin =
  (name: string): Spelling =>
  (args, { type, many, given }) =>
    many
      ? `${type}_${name}(${args.join(", ")})`
      : `__builtin_${name}${given.dtype === "float32" ? "f" : ""}(${args.join(", ")})`;
const fabs: Spelling = ([a], site) =>
  site.many ? `${site.type}_abs(${a})` : builtin("fabs")([a], site);

const choose = (c: string, a: string, b: string, type: string, many: boolean): string =>
  many ? `${type}_select(${c}, ${a}, ${b})` : `(${c} ? ${a} : ${b})`;
/** The bound where the comparison holds, else x, which lets NaN through. */
const bounded =
  (name: string, symbol: string): Spelling =>
  (args, site) => {
    const [x, bound] = args;
    return site.many ? helper(name)(args, site) : `(${x} ${symbol} ${bound} ? ${bound} : ${x})`;
  };
const extreme =
  (name: string, symbol: string): Spelling =>
  (args, site) => {
    const [a, b] = args;
    return site.given.dtype === "int32"
      ? choose(`(${a} ${symbol} ${b})`, a, b, site.type, site.many)
      : helper(name)(args, site);
  };
/** Bits are shifted as unsigned ones: nothing is undefined, and zeros come in. */
const shift =
  (symbol: string): Spelling =>
  ([x, by], { type, many, v }) => {
    const count = v.args[1].kind === "number" ? String(v.args[1].value & 31) : `(${by} & 31)`;
    return `(${type})((${many ? "uint_v" : "unsigned"})${x} ${symbol} ${count})`;
  };
/** To a float type; masks become 0 and 1. */
const toFloat: Spelling = ([x], { v, p, given, many }) => {
  const type = typeOf(v, p.vectorBytes);
  if (given.dtype === v.dtype) return x;
  if (!many) return `(${type})${x}`;
  if (given.dtype === "bool") return `__builtin_convertvector(-${x}, ${type})`;
  return `__builtin_convertvector(${x}, ${type})`;
};

const spellings: Readonly<Record<string, Spelling>> = {
  add: operator("+"),
  sub: operator("-"),
  mul: operator("*"),
  div: operator("/"),
  neg: ([a]) => `(-${a})`,
  abs: fabs,
  sqrt: builtin("sqrt"),
  floor: builtin("floor"),
  ceil: builtin("ceil"),
  round: builtin("rint"),
  fma: ([a, b, c], { given, p, many }) =>
    many || !p.fma
      ? `(${a} * ${b} + ${c})`
      : `__builtin_fma${given.dtype === "float32" ? "f" : ""}(${a}, ${b}, ${c})`,
  min: extreme("min", "<"),
  max: extreme("max", ">"),
  atLeast: bounded("at_least", "<"),
  atMost: bounded("at_most", ">"),
  less: comparison("<"),
  lessEqual: comparison("<="),
  greater: comparison(">"),
  greaterEqual: comparison(">="),
  equal: comparison("=="),
  notEqual: comparison("!="),
  and: operator("&"),
  or: operator("|"),
  not: ([a], { many }) => (many ? `(~${a})` : `(!${a})`),
  xor: operator("^"),
  bitAnd: operator("&"),
  shiftLeft: shift("<<"),
  shiftRight: shift(">>"),
  select: ([c, a, b], { v, p, many }) => choose(c, a, b, typeOf(v, p.vectorBytes), many),
  toFloat32: toFloat,
  toFloat64: toFloat,
  toInt32: ([x], { given, many, type }) =>
    given.dtype === "int32" || (given.dtype === "bool" && !many)
      ? x
      : given.dtype === "bool"
        ? `(-${x})`
        : `${type}_to_int(${x})`,
  toBool: (args, site) =>
    site.given.dtype === "bool"
      ? args[0]
      : comparison("!=")([args[0], site.many ? `(${site.type}){0}` : "0"], site),
  bitsOf: ([x], { many }) => (many ? `(int_v)${x}` : `float_bits(${x})`),
  fromBits: ([x], { many }) => (many ? `(float_v)${x}` : `float_from(${x})`),
  pow2: helper("pow2"),
  exponent: helper("exponent"),
  fraction: helper("fraction"),
};
