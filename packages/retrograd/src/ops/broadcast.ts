/**
 * Broadcasting in NumPy's way, as letters: shapes align at their last axis, and an axis of size 1
 * stretches because its letter is dropped from the operand. Numbers become constants of the body.
 */
import { fail } from "../errors.ts";
import { constant, type DType, type Expr, isFloat, slot } from "../scalar/index.ts";
import { type Shape, sameShape, showShape, Tensor } from "../tensor/tensor.ts";
import { describeFully, lettersOfRank, namedSizes } from "./axes.ts";
import { map } from "./map.ts";
import { reshapeTo } from "./reshape.ts";

/** What elementwise functions take. A number takes the dtype of the tensor that it meets. */
export type Operand = Tensor | number;

/** The shape to which `shapes` stretch. @throws "broadcast-mismatch", naming the tensors */
function common(op: string, shapes: readonly Shape[], tensors: readonly Tensor[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const sizes = new Array<number>(rank).fill(1);
  const owner = new Array<number>(rank).fill(0);
  shapes.forEach((shape, k) => {
    shape.forEach((n, i) => {
      const d = rank - shape.length + i;
      if (n === 1 || n === sizes[d]) return;
      if (sizes[d] !== 1)
        fail("broadcast-mismatch", {
          op,
          a: tensors[owner[d]].describe(),
          b: tensors[k].describe(),
          axis: i - shape.length,
          sizeA: sizes[d],
          sizeB: n,
        });
      sizes[d] = n;
      owner[d] = k;
    });
  });
  return sizes;
}

/** Operands of a map and their letters: `tensors` without the axes that stretch. */
export interface Aligned {
  readonly tensors: Tensor[];
  readonly letters: string[];
  readonly out: string;
  readonly sizes: Record<string, number>;
}

/**
 * Letters by which `tensors` broadcast against each other.
 * @param kept  trailing axes of each tensor that take no part (the rows and columns of matmul)
 */
export function align(op: string, tensors: readonly Tensor[], kept = 0): Aligned {
  const shapes = tensors.map((t) => t.shape.slice(0, t.rank - kept));
  const shape = common(op, shapes, tensors);
  const out = lettersOfRank(shape.length);
  const rows = tensors.map((t, k) => {
    const own = shapes[k];
    const first = shape.length - own.length;
    const stays = own.map((n, i) => n === shape[first + i]);
    const letters = own.map((_, i) => (stays[i] ? out[first + i] : "")).join("");
    const rest = t.shape.filter((_, i) => i >= own.length || stays[i]);
    return { tensor: sameShape(rest, t.shape) ? t : reshapeTo(t, rest), letters };
  });
  return {
    tensors: rows.map((r) => r.tensor),
    letters: rows.map((r) => r.letters),
    out,
    sizes: namedSizes(out, shape),
  };
}

/** Tensors that meet must have one dtype; a number must fit in it. @throws "dtype-mismatch" */
function checkDtypes(op: string, operands: readonly Operand[]): void {
  const tensors = operands.filter((x) => x instanceof Tensor);
  const other = tensors.find((t) => t.dtype !== tensors[0].dtype);
  if (other)
    fail("dtype-mismatch", {
      op,
      given: `${describeFully(tensors[0])} with ${describeFully(other)}`,
      expected: "one dtype",
    });
  if (tensors.length === 0 || isFloat(tensors[0].dtype)) return;
  for (const x of operands)
    if (typeof x === "number" && x !== (x | 0))
      fail("dtype-mismatch", {
        op,
        given: `${describeFully(tensors[0])} with the number ${x}`,
        expected: "a whole number",
      });
}

function checkOperands(op: string, operands: readonly unknown[]): void {
  for (const x of operands)
    if (typeof x !== "number" && !(x instanceof Tensor))
      fail("bad-argument", {
        where: op,
        given: Array.isArray(x) ? "an array" : `${x === null ? "null" : typeof x}`,
        expected: "a tensor or a number",
      });
}

/**
 * out = body(operands…), elementwise, as one map.
 * @param free   how many leading operands may differ in dtype from the others (a condition)
 * @throws       "broadcast-mismatch", "dtype-mismatch", "bad-argument"
 */
export function elementwise(
  name: string,
  body: (...args: Expr[]) => Expr,
  operands: readonly Operand[],
  { free = 0, dtype }: { free?: number; dtype?: DType } = {},
): Tensor {
  checkOperands(name, operands);
  checkDtypes(name, operands.slice(free));
  const given = operands.filter((x) => x instanceof Tensor);
  const { tensors, letters, out, sizes } = align(name, given);
  let next = 0;
  const args = operands.map((x) => (typeof x === "number" ? constant(x) : slot(next++)));
  return map(`${letters}->${out}`, body(...args), tensors, { sizes, name, dtype });
}

/** x stretched to `shape`. @throws "broadcast-mismatch" */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const first = shape.length - x.rank;
  x.shape.forEach((n, i) => {
    if (first < 0 || (n !== 1 && n !== shape[first + i]))
      fail("broadcast-mismatch", {
        op: "broadcastTo",
        a: x.describe(),
        b: `the shape ${showShape(shape)}`,
        axis: i - x.rank,
        sizeA: n,
        sizeB: shape[first + i] ?? 1,
      });
  });
  const stays = x.shape.map((n, i) => n === shape[first + i]);
  const out = lettersOfRank(shape.length);
  const letters = x.shape.map((_, i) => (stays[i] ? out[first + i] : "")).join("");
  const sizes = namedSizes(out, shape);
  const kept = reshapeTo(
    x,
    x.shape.filter((_, i) => stays[i]),
  );
  return map(`${letters}->${out}`, slot(0), [kept], { sizes, name: "broadcastTo" });
}
