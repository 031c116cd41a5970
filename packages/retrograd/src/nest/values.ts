/** The values and statements that kernels are made of, a constructor for each. */
import type { DType } from "../scalar/dtype.ts";
import type { ScalarFunction } from "../scalar/index.ts";
import type { Affine, Buffer, Dynamic, Stmt, Value } from "./nest.ts";

type Place = { readonly buffer: Buffer };

export const number = (value: number, dtype: DType, lanes = 1): Value => ({
  kind: "number",
  value,
  dtype,
  lanes,
});
export const local = (name: string, dtype: DType, lanes = 1): Value => ({
  kind: "local",
  name,
  dtype,
  lanes,
});
/** An index of a loop, or what is affine in some; lanes differ by `stride`. */
export const integer = (at: Affine, stride = 0, lanes = 1): Value => ({
  kind: "index",
  at,
  stride,
  dtype: "int32",
  lanes,
});
export const load = (
  { buffer }: Place,
  at: Affine,
  stride: number,
  lanes: number,
  dynamic?: Dynamic,
): Value => ({ kind: "load", buffer, at, stride, dtype: buffer.dtype, lanes, dynamic });
/** A call of a scalar function that targets spell themselves. */
export function call({ row }: Pick<ScalarFunction, "row">, ...args: readonly Value[]): Value {
  const { dtype, lanes } = args[args.length - 1];
  const { rule } = row;
  const own = rule === "compare" ? "bool" : rule === "same" || rule === "select" ? dtype : rule;
  return { kind: "call", fn: row, args, dtype: own, lanes };
}
/** One number in every lane. */
export const splat = (value: Value, lanes: number): Value =>
  lanes === 1 ? value : { kind: "splat", value, dtype: value.dtype, lanes };
/** The number in one lane. */
export const lane = (value: Value, lane: number): Value => ({
  kind: "lane",
  value,
  lane,
  dtype: value.dtype,
  lanes: 1,
});

export const put = (kind: "let" | "set", name: string, value: Value): Stmt => ({
  kind,
  name,
  value,
});
export const store = ({ buffer }: Place, at: Affine, value: Value, dynamic?: Dynamic): Stmt => ({
  kind: "store",
  buffer,
  at,
  value,
  dynamic,
});
