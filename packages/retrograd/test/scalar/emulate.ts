/**
 * Runs an expanded expression as a target would: every primitive is rounded to the dtype. A fused
 * multiply-add rounds once, or twice, or (as C compilers contract) every product that meets a sum
 * is fused. What the bits of an unsuitable number would give is replaced by a value that shows.
 */
import { type Expr, parts } from "../../src/scalar/expr.ts";

export type Float = "float32" | "float64";
export const roundings = ["once", "twice", "contracted"] as const;
export type Rounding = (typeof roundings)[number];

const GARBAGE = 12345.678;
const bits = new DataView(new ArrayBuffer(8));

function exponentOf(x: number): number {
  bits.setFloat64(0, x);
  return ((bits.getUint32(0) >>> 20) & 0x7ff) - 1023;
}

const normal = { float32: [2 ** -126, 127], float64: [2 ** -1022, 1023] };

/** Partial helpers that the generated code calls. */
const rows = (dtype: Float) => {
  const [smallest, largest] = normal[dtype];
  const isNormal = (x: number) => x >= smallest && x < Infinity;
  return {
    pow2: (n: number) => (n >= 1 - largest && n <= largest && n % 1 === 0 ? 2 ** n : GARBAGE),
    exponent: (x: number) => (isNormal(x) ? exponentOf(x) : GARBAGE),
    fraction: (x: number) => (isNormal(x) ? x / 2 ** exponentOf(x) : GARBAGE),
    fma: dtype === "float32" ? (a: number, b: number, c: number) => a * b + c : fusedDouble,
    roundEven: (x: number) => {
      const near = Math.round(x);
      return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
    },
  };
};

const DOWN = 2 ** -300;
/** a·b + c rounded once, by Dekker's exact product and Knuth's exact sum. */
export function fusedDouble(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (Math.abs(c) === Infinity && Number.isFinite(a) && Number.isFinite(b)) return c;
  if (!Number.isFinite(sum) && [a, b, c].every(Number.isFinite)) {
    // What is added may bring the product back below the largest number.
    const [x, y] = Math.abs(a) > Math.abs(b) ? [a * DOWN, b] : [a, b * DOWN];
    return Number.isFinite(x * y + c * DOWN) ? fusedDouble(x, y, c * DOWN) / DOWN : sum;
  }
  if (!Number.isFinite(sum) || Math.abs(a) > 2 ** 900 || Math.abs(b) > 2 ** 900) return sum;
  // What is left of a product too small for any number is its sign.
  if (sum === 0 && product === 0 && a !== 0 && b !== 0) return product;
  if (product === 0 || Math.abs(product) < 2 ** -900) return sum;
  const [ah, al] = halves(a);
  const [bh, bl] = halves(b);
  const low = al * bl - (product - ah * bh - al * bh - ah * bl);
  const back = sum - product;
  return sum + (product - (sum - back) + (c - back) + low);
}

function halves(x: number): [number, number] {
  const big = x * 134217729;
  const high = big - (big - x);
  return [high, x - high];
}

const OPERATORS: Record<string, string> = {
  add: "$0 + $1",
  sub: "$0 - $1",
  mul: "$0 * $1",
  div: "$0 / $1",
  neg: "-$0",
  abs: "Math.abs($0)",
  sqrt: "Math.sqrt($0)",
  floor: "Math.floor($0)",
  ceil: "Math.ceil($0)",
  round: "roundEven($0)",
  min: "Math.min($0, $1)",
  max: "Math.max($0, $1)",
  less: "$0 < $1",
  lessEqual: "$0 <= $1",
  greater: "$0 > $1",
  greaterEqual: "$0 >= $1",
  equal: "$0 === $1",
  notEqual: "$0 !== $1",
  and: "$0 && $1",
  or: "$0 || $1",
  not: "!$0",
  select: "$0 ? $1 : $2",
  atLeast: "$0 < $1 ? $1 : $0",
  atMost: "$1 < $0 ? $1 : $0",
  pow2: "pow2($0)",
  exponent: "exponent($0)",
  fraction: "fraction($0)",
}; // prettier-ignore

/** The function of the slots that a target would run for `e`. */
export function emulate(e: Expr, dtype: Float, rounding: Rounding): (...slots: number[]) => number {
  const names = new Map<Expr, string>();
  const lines: string[] = [];
  const r = (code: string) => (dtype === "float32" ? `Math.fround(${code})` : code);
  const product = (x: Expr) =>
    x.kind === "call" && x.fn.name === "mul" && rounding === "contracted";
  const code = (x: Expr & { kind: "call" }): string => {
    const a = x.args.map((arg) => names.get(arg)!);
    const { name } = x.fn;
    if (name === "fma" && rounding === "twice") return r(`${r(`${a[0]} * ${a[1]}`)} + ${a[2]}`);
    if (name === "fma") return r(`fma(${a})`);
    if (name === "add" || name === "sub")
      for (const [i, j] of [
        [0, 1],
        [1, 0],
      ]) {
        const m = x.args[i];
        if (!product(m) || m.kind !== "call") continue;
        const [p, q] = m.args.map((arg) => names.get(arg)!);
        const signed = name === "sub" ? (i === 0 ? [p, `-${a[j]}`] : [`-${p}`, a[j]]) : [p, a[j]];
        return r(`fma(${signed[0]}, ${q}, ${signed[1]})`);
      }
    const spelled = OPERATORS[name];
    if (!spelled) throw new Error(`${name} is not a primitive`);
    const text = spelled.replace(/\$(\d)/g, (_, k) => a[k]);
    return /^(less|greater|equal|notEqual|and|or|not|select|atLeast|atMost)/.test(name)
      ? text
      : r(text);
  };
  parts(e, (x) => {
    const name = `v${names.size}`;
    names.set(x, name);
    if (x.kind === "const") lines.push(`const ${name} = ${r(spell(x.value))};`);
    else if (x.kind === "slot") lines.push(`const ${name} = s${x.index};`);
    else if (x.kind === "call") lines.push(`const ${name} = ${code(x)};`);
  });
  const body = `return (s0, s1, s2) => { ${lines.join("\n")} return ${names.get(e)}; }`;
  const given = rows(dtype);
  return new Function(...Object.keys(given), body)(...Object.values(given));
}

const spell = (x: number) => (Object.is(x, -0) ? "-0" : String(x));

/** How many calls of each row `e` makes. */
export function operations(e: Expr): Record<string, number> {
  const counts: Record<string, number> = {};
  parts(e, (x) => {
    if (x.kind === "call") counts[x.fn.name] = (counts[x.fn.name] ?? 0) + 1;
  });
  return counts;
}
