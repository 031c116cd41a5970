/**
 * Scalar functions that every target spells itself: arithmetic, comparison, choice, conversion,
 * bits. One row says everything the compiler knows about one of them.
 */
import { constant, type Expr, isConst, type Scalar, scalar, type WasmCode } from "./expr.ts";

const zero = () => constant(0);
const one = () => constant(1);

/** Wasm lists the arithmetic of float64 at one distance behind that of float32. */
const floats = (one: number, lanes: number, int32?: WasmCode): Scalar["wasm"] => ({
  float32: [one, lanes],
  float64: [one + 14, lanes + 12],
  ...(int32 && { int32 }),
});

type Binary = (a: number, b: number) => number;

/** A row that compares numbers, and its codes for float32 and int32. */
const comparison = (
  name: string,
  holds: (a: number, b: number) => boolean,
  one: number,
  lanes: number,
  int32: WasmCode,
) =>
  scalar(name, {
    evaluate: (a, b) => +holds(a, b),
    partials: [zero, zero],
    rule: "compare",
    wasm: { float32: [one, lanes], float64: [one + 6, lanes + 6], int32 },
  });

/** A row over the bits of two integers, or over two bools. */
const bits = (name: string, evaluate: Binary, accepts: "int" | "bool", code: WasmCode) =>
  scalar(name, { evaluate, partials: [zero, zero], accepts, wasm: { int32: code, bool: code } });

export const add = scalar("add", {
  evaluate: (a, b) => a + b,
  partials: [one, one],
  wasm: floats(0x92, 0xe4, [0x6a, 0xae]),
  simplify: ([a, b]) => (isConst(a, -0) ? b : isConst(b, -0) ? a : undefined),
});
export const sub = scalar("sub", {
  evaluate: (a, b) => a - b,
  partials: [one, () => constant(-1)],
  wasm: floats(0x93, 0xe5, [0x6b, 0xb1]),
  simplify: ([a, b]) => (isConst(b, 0) ? a : undefined),
});
export const mul = scalar("mul", {
  evaluate: (a, b) => a * b,
  evaluateInt: Math.imul,
  partials: [([, b]) => b, ([a]) => a],
  wasm: floats(0x94, 0xe6, [0x6c, 0xb5]),
  // Not to neg by −1: neg is a float's, and a product becomes a multiply-add.
  simplify: ([a, b]) => (isConst(a, 1) ? b : isConst(b, 1) ? a : undefined),
});
export const div = scalar("div", {
  evaluate: (a, b) => a / b,
  partials: [([, b]) => div(1, b), ([, b], y) => neg(div(y, b))],
  accepts: "float",
  wasm: floats(0x95, 0xe7),
  simplify: ([a, b]) => (isConst(b, 1) ? a : undefined),
  cost: 4,
});
export const neg = scalar("neg", {
  evaluate: (a) => -a,
  partials: [() => constant(-1)],
  accepts: "float",
  wasm: floats(0x8c, 0xe1),
  simplify: ([a]) => (a.kind === "call" && a.fn.name === "neg" ? a.args[0] : undefined),
});
export const abs = scalar("abs", {
  evaluate: Math.abs,
  partials: [([a]) => sign(a)],
  accepts: "float",
  wasm: floats(0x8b, 0xe0),
});
/** a·b + c, rounded once where the target can. */
export const fma = scalar("fma", {
  evaluate: (a, b, c) => a * b + c,
  partials: [([, b]) => b, ([a]) => a, one],
  accepts: "float",
});
export const sqrt = scalar("sqrt", {
  evaluate: Math.sqrt,
  partials: [(_, y) => div(0.5, y)],
  accepts: "float",
  wasm: floats(0x91, 0xe3),
  cost: 4,
});
/** Ties share the derivative, as they do in a maximum over an axis. */
export const min = scalar("min", {
  evaluate: Math.min,
  partials: [([a, b]) => sharedAbove(b, a), ([a, b]) => sharedAbove(a, b)],
  wasm: floats(0x96, 0xe8, [0x4a, 0xb6]),
});
export const max = scalar("max", {
  evaluate: Math.max,
  partials: [([a, b]) => sharedAbove(a, b), ([a, b]) => sharedAbove(b, a)],
  wasm: floats(0x97, 0xe9, [0x48, 0xb8]),
});
/** 1 where a > b, ½ where they are equal, 0 below. */
const sharedAbove = (a: Expr, b: Expr): Expr =>
  select(greater(a, b), 1, select(equal(a, b), 0.5, 0));

/** x where it is at least the bound, else the bound; NaN stays, where a maximum may lose it. */
export const atLeast = scalar("atLeast", {
  evaluate: (x, low) => (x < low ? low : x),
  partials: [([x, low]) => select(less(x, low), 0, 1), ([x, low]) => select(less(x, low), 1, 0)],
  accepts: "float",
  wasm: { float32: [0x5d, 0xeb], float64: [0x63, 0xf7] },
});
/** x where it is at most the bound, else the bound; NaN stays. */
export const atMost = scalar("atMost", {
  evaluate: (x, high) => (high < x ? high : x),
  partials: [
    ([x, high]) => select(less(high, x), 0, 1),
    ([x, high]) => select(less(high, x), 1, 0),
  ],
  accepts: "float",
  wasm: { float32: [0x5e, 0xea], float64: [0x64, 0xf6] },
});

export const floor = scalar("floor", {
  evaluate: Math.floor,
  partials: [zero],
  accepts: "float",
  wasm: { float32: [0x8e, 0x68], float64: [0x9c, 0x75] },
});
export const ceil = scalar("ceil", {
  evaluate: Math.ceil,
  partials: [zero],
  accepts: "float",
  wasm: { float32: [0x8d, 0x67], float64: [0x9b, 0x74] },
});
/** To the nearest integer, ties to even. */
export const round = scalar("round", {
  evaluate: (x) => {
    if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
    const down = Math.floor(x),
      rest = x - down;
    const even = rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
    return even === 0 && (x < 0 || Object.is(x, -0)) ? -0 : even;
  },
  partials: [zero],
  accepts: "float",
  wasm: { float32: [0x90, 0x6a], float64: [0x9e, 0x94] },
});

export const less = comparison("less", (a, b) => a < b, 0x5d, 0x43, [0x48, 0x39]);
export const lessEqual = comparison("lessEqual", (a, b) => a <= b, 0x5f, 0x45, [0x4c, 0x3d]);
export const greater = comparison("greater", (a, b) => a > b, 0x5e, 0x44, [0x4a, 0x3b]);
export const greaterEqual = comparison("greaterEqual", (a, b) => a >= b, 0x60, 0x46, [0x4e, 0x3f]);
export const equal = comparison("equal", (a, b) => a === b, 0x5b, 0x41, [0x46, 0x37]);
export const notEqual = comparison("notEqual", (a, b) => a !== b, 0x5c, 0x42, [0x47, 0x38]);

export const and = bits("and", (a, b) => +(a !== 0 && b !== 0), "bool", [0x71, 0x4e]);
export const or = bits("or", (a, b) => +(a !== 0 || b !== 0), "bool", [0x72, 0x50]);
export const not = scalar("not", {
  evaluate: (a) => +(a === 0),
  partials: [zero],
  accepts: "bool",
  wasm: { bool: [0x45, 0x4d] },
});
/**
 * a where the condition holds, else b. What is not chosen cannot reach the result, NaN included.
 */
export const select = scalar("select", {
  evaluate: (c, a, b) => (c ? a : b),
  partials: [zero, ([c]) => select(c, 1, 0), ([c]) => select(c, 0, 1)],
  chain: ([c], [, a, b]) => select(c, a, b),
  rule: "select",
  accepts: "any",
  simplify: ([, a, b]) => (a === b ? a : undefined),
});
export const sign = scalar("sign", {
  evaluate: Math.sign,
  partials: [zero],
  accepts: "float",
  expand: ([x]) => select(greater(x, 0), 1, select(less(x, 0), -1, x)),
});

export const toFloat32 = scalar("toFloat32", {
  evaluate: Math.fround,
  partials: [one],
  chain: (_, [t]) => toFloat32(t), // the tangent has the new dtype too
  rule: "float32",
  accepts: "any",
});
export const toFloat64 = scalar("toFloat64", {
  evaluate: (x) => x,
  partials: [one],
  chain: (_, [t]) => toFloat64(t), // the tangent has the new dtype too
  rule: "float64",
  accepts: "any",
});
/** Towards zero; out of range saturates, NaN gives 0. */
export const toInt32 = scalar("toInt32", {
  evaluate: (x) =>
    Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))),
  partials: [zero],
  rule: "int32",
  accepts: "any",
});
export const toBool = scalar("toBool", {
  evaluate: (x) => +(x !== 0),
  partials: [zero],
  rule: "bool",
  accepts: "any",
});

export const xor = bits("xor", (a, b) => a ^ b, "int", [0x73, 0x51]);
export const bitAnd = bits("bitAnd", (a, b) => a & b, "int", [0x71, 0x4e]);
/** Shifts take a constant number of bits. */
export const shiftLeft = bits("shiftLeft", (a, b) => a << b, "int", [0x74, 0xab]);
export const shiftRight = bits("shiftRight", (a, b) => a >>> b, "int", [0x76, 0xad]);

const word = new DataView(new ArrayBuffer(8));
/** The 32 bits of a number rounded to float32. */
export const bitsOf = scalar("bitsOf", {
  evaluate: (x) => {
    word.setFloat32(0, x);
    return word.getInt32(0);
  },
  partials: [zero],
  rule: "int32",
  accepts: "float",
});
/** The float32 of 32 bits. */
export const fromBits = scalar("fromBits", {
  evaluate: (bits) => {
    word.setInt32(0, bits);
    return word.getFloat32(0);
  },
  partials: [zero],
  rule: "float32",
  accepts: "int",
});
/** 2ⁿ for an integer n in the range of normal exponents (of the dtype at hand). */
export const pow2 = scalar("pow2", {
  evaluate: (n) => 2 ** n,
  partials: [(_, y) => mul(y, Math.LN2)],
  accepts: "float",
});
/** The exponent of a positive normal number: floor(log₂ x), as a float. */
export const exponent = scalar("exponent", {
  evaluate: (x) => {
    word.setFloat64(0, x);
    return ((word.getUint32(0) >>> 20) & 0x7ff) - 1023;
  },
  partials: [zero],
  accepts: "float",
});
/** The fraction of a positive normal number, in [1, 2). */
export const fraction = scalar("fraction", {
  evaluate: (x) => {
    word.setFloat64(0, x);
    word.setUint32(0, (word.getUint32(0) & 0xfffff) | 0x3ff00000);
    return word.getFloat64(0);
  },
  partials: [([x]) => pow2(neg(exponent(x)))],
  accepts: "float",
});
