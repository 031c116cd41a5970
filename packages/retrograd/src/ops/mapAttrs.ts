/** What a map is: its letters, its body, their sizes and dtype, checked against its operands. */
import { fail } from "../errors.ts";
import type { DType } from "../scalar/dtype.ts";
import { dtypeOf, type Expr, lettersOf, slotsOf } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface MapAttrs {
  /** One string of letters per operand. */
  readonly operands: readonly string[];
  readonly out: string;
  readonly body: Expr;
  /** Size of every letter. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly reduce: "sum" | "max";
  readonly dtype: DType;
  readonly name: string;
}

/** Letters that are summed or maximised away. */
export const reduced = ({ sizes, out }: MapAttrs): string[] =>
  Object.keys(sizes).filter((l) => !out.includes(l));
export const isElementwise = (m: MapAttrs): boolean => reduced(m).length === 0;

/** What to call it in messages: a plain map is named after what it does to each element. */
export const nameOfMap = ({ name, body }: MapAttrs): string =>
  name === "map" && body.kind === "call" ? body.fn.name : name;

export interface MapOptions {
  sizes?: Record<string, number>;
  reduce?: "sum" | "max";
  /** Name in messages and in explain(). */
  name?: string;
  /** dtype of a body that is only constants; float32 by default. */
  dtype?: DType;
}

/** @throws "bad-spec", "rank-mismatch", "axis-mismatch", "dtype-mismatch" */
export function attributes(
  spec: string,
  body: Expr,
  args: readonly Tensor[],
  { sizes = {}, reduce = "sum", name = "map", dtype: weak }: MapOptions,
): MapAttrs {
  const sides = spec.replaceAll(" ", "").split("->");
  if (sides.length !== 2 || !/^[A-Za-z,]*$/.test(sides[0]) || !/^[A-Za-z]*$/.test(sides[1]))
    fail("bad-spec", { op: name, spec, reason: "is not of the form operands->out" });
  const operands = args.length === 0 && sides[0] === "" ? [] : sides[0].split(","),
    out = sides[1];
  if (operands.length !== args.length)
    fail("bad-spec", {
      op: name,
      spec,
      reason: `names ${operands.length} operands, but ${args.length} were given`,
    });
  for (const group of [...operands, out])
    if (new Set(group).size !== group.length)
      fail("bad-spec", { op: name, spec, reason: `repeats a letter in "${group}"` });
  const all = letterSizes(operands, args, sizes, name);
  for (const l of [...out, ...lettersOf(body)])
    if (!(l in all))
      fail("bad-spec", { op: name, spec, reason: `does not say the size of "${l}"` });
  for (const k of slotsOf(body))
    if (k >= args.length)
      fail("bad-spec", { op: name, spec, reason: `has no operand for slot ${k}` });
  const dtype = dtypeOf(
    body,
    args.map((a) => a.dtype),
    name,
    weak,
  );
  if (Object.keys(all).some((l) => !out.includes(l)) && dtype === "bool")
    fail("dtype-mismatch", { op: name, given: "a bool to sum", expected: "a number" });
  return { operands, out, body, sizes: all, reduce, dtype, name };
}

function letterSizes(
  operands: readonly string[],
  args: readonly Tensor[],
  given: Record<string, number>,
  op: string,
): Record<string, number> {
  const sizes: Record<string, number> = {},
    owner: Record<string, string> = {};
  operands.forEach((letters, k) => {
    const a = args[k];
    if (a.shape.length !== letters.length)
      fail("rank-mismatch", {
        op,
        operand: a.describe(),
        expected: `the ${letters.length} axes "${letters}"`,
      });
    [...letters].forEach((l, axis) => {
      if (l in sizes && sizes[l] !== a.shape[axis])
        fail("axis-mismatch", {
          op,
          axis: l,
          a: owner[l],
          b: a.describe(),
          sizeA: sizes[l],
          sizeB: a.shape[axis],
        });
      sizes[l] = a.shape[axis];
      owner[l] ??= a.describe();
    });
  });
  for (const [l, n] of Object.entries(given)) {
    if (l in sizes && sizes[l] !== n)
      fail("axis-mismatch", {
        op,
        axis: l,
        a: owner[l],
        b: "the given sizes",
        sizeA: sizes[l],
        sizeB: n,
      });
    sizes[l] = n;
  }
  return sizes;
}
