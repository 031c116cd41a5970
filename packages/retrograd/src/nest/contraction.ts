/**
 * Contractions: maps that multiply two operands and sum over shared letters. This file finds the
 * axes
 *   m (left operand and output), n (right operand and output), k (summed in both),
 * joins letters that lie next to each other, and leaves what cannot be joined as outer loops.
 */
import type { DType } from "../scalar/dtype.ts";
import type { Expr } from "../scalar/index.ts";
import { type Axis, axesOf, byStride, joinAxes, type Operand } from "./axes.ts";
import type { PointwiseStep } from "./pointwise.ts";
import type { View } from "./view.ts";

export interface Contraction {
  readonly left: Operand;
  readonly right: Operand;
  readonly out: string;
  /** The first of all stores: how it lies decides which axes are m and n. */
  readonly store: View;
  readonly sizes: Readonly<Record<string, number>>;
  readonly dtype: DType;
  /** Added to the product while it is stored: a bias, an earlier sum, a hoisted product. */
  readonly addends: readonly Operand[];
  /** Maps of the sum, computed while it lies in registers; the first is the sum itself. */
  readonly steps: readonly PointwiseStep[];
  readonly name: string;
}

/** Where the steps store, and what they and the addends read: accesses from OUT on. */
export const storesOf = ({ steps }: Pick<Contraction, "steps">): readonly View[] =>
  steps.flatMap((s) => s.stores);
export const readsOf = (c: Pick<Contraction, "steps" | "addends">): readonly Operand[] => [
  ...c.addends,
  ...c.steps.flatMap((s) => s.operands.filter((o) => typeof o !== "number")),
];

/** The axes of a product; strides of left, right, each store, then of each further read. */
export interface ProductShape {
  readonly outer: readonly Axis[];
  readonly m: Axis;
  readonly n: Axis;
  readonly k: readonly Axis[];
}
export const LEFT = 0,
  RIGHT = 1,
  OUT = 2;

/** The two slots that a body multiplies, or undefined when it is no plain product. */
export function productSlots(body: Expr): [number, number] | undefined {
  if (body.kind !== "call" || body.fn.name !== "mul") return undefined;
  const [a, b] = body.args;
  return a.kind === "slot" && b.kind === "slot" && a.index !== b.index
    ? [a.index, b.index]
    : undefined;
}

/** Which of m, n, k, outer a letter belongs to; undefined when this is no product of matrices. */
function roles({
  left,
  right,
  out,
  sizes,
}: Pick<Contraction, "left" | "right" | "out" | "sizes">):
  | Record<"m" | "n" | "k" | "outer", string[]>
  | undefined {
  const found = { m: [] as string[], n: [] as string[], k: [] as string[], outer: [] as string[] };
  for (const l of Object.keys(sizes)) {
    if (sizes[l] === 1) continue;
    const a = left.letters.includes(l),
      b = right.letters.includes(l),
      o = out.includes(l);
    if (a && b && o) found.outer.push(l);
    else if (a && o) found.m.push(l);
    else if (b && o) found.n.push(l);
    else if (a && b) found.k.push(l);
    else return undefined;
  }
  return found;
}

/**
 * The shape of a contraction as a product of matrices whose lanes run along n, with operands
 * exchanged where the output's densest axis belongs to the left one; undefined where no product
 * is worth it.
 */
export function productShape(
  c: Contraction,
): { contraction: Contraction; shape: ProductShape } | undefined {
  const first = roles(c);
  if (!first || first.k.length === 0) return undefined;
  const dense = [...c.out].find((l, i) => c.store.strides[i] === 1 && c.sizes[l] > 1);
  if (!dense) return undefined;
  const swap = first.m.includes(dense);
  if (!swap && !first.n.includes(dense)) return undefined;
  const contraction = swap ? { ...c, left: c.right, right: c.left } : c;
  const { m, n, k, outer } = swap ? { ...first, m: first.n, n: first.m } : first;
  const accesses: Operand[] = [
    contraction.left,
    contraction.right,
    ...storesOf(c).map((view) => ({ view, letters: c.out })),
    ...readsOf(c),
  ];
  const axes = (letters: string[]) => axesOf(letters, c.sizes, accesses);
  const joined = (letters: string[], by: number) => joinAxes(byStride(axes(letters), by));
  const [ms, ns, ks] = [joined(m, OUT), joined(n, OUT), joined(k, RIGHT)];
  const longest = ms.reduce(
    (best, a) => (a.size > best.size ? a : best),
    ms[0] ?? unit(accesses.length),
  );
  const inner = ns[ns.length - 1];
  return {
    contraction,
    shape: {
      outer: [...axes(outer), ...ms.filter((a) => a !== longest), ...ns.slice(0, -1)],
      m: longest,
      n: inner,
      k: ks,
    },
  };
}

const unit = (accesses: number): Axis => ({
  letters: "",
  size: 1,
  strides: new Array<number>(accesses).fill(0),
});

/** The axes as one of the accesses crosses them. */
export const seenBy = (access: number, axes: readonly Axis[]): Axis[] =>
  axes.map((a) => ({ ...a, strides: [a.strides[access]] }));

export const product = (axes: readonly { size: number }[]): number =>
  axes.reduce((n, a) => n * a.size, 1);
