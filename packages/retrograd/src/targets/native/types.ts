/**
 * The C types of values. A vector has lanes of one width, so its type follows from the dtype and
 * the number of lanes; a bool in lanes is a mask as wide as what was compared, as in Wasm.
 */
import type { DType } from "../../scalar/dtype.ts";

export interface Typed {
  readonly dtype: DType;
  readonly lanes: number;
}

/** Bytes of one lane. */
export const laneBytes = ({ lanes }: Typed, vectorBytes: number): number => vectorBytes / lanes;

/** The type of a local. */
export function typeOf(v: Typed, vectorBytes: number): string {
  if (v.lanes === 1) return numberType(v.dtype);
  return vectorType(v.dtype, laneBytes(v, vectorBytes) === 8);
}
export const numberType = (dtype: DType): string =>
  dtype === "float32" ? "float" : dtype === "float64" ? "double" : "int";
const vectorType = (dtype: DType, wide: boolean): string =>
  dtype === "float32" || dtype === "float64" ? `${numberType(dtype)}_v` : wide ? "long_v" : "int_v";

/** A number as C writes it, exact in its dtype. */
export function literal(value: number, dtype: DType): string {
  if (dtype === "bool") return value ? "1" : "0";
  if (dtype === "int32")
    return (value | 0) === -(2 ** 31) ? "(-2147483647 - 1)" : signed(String(value | 0));
  const [x, end] = dtype === "float32" ? [Math.fround(value), "f"] : [value, ""];
  if (Number.isNaN(x)) return `__builtin_nan${end}("")`;
  if (!Number.isFinite(x)) return x > 0 ? `__builtin_inf${end}()` : `(-__builtin_inf${end}())`;
  const digits = Object.is(x, -0) ? "-0" : String(x);
  return signed(`${/[.e]/.test(digits) ? digits : `${digits}.0`}${end}`);
}
/** In brackets when negative, so that no operator runs into its sign. */
const signed = (digits: string): string => (digits.startsWith("-") ? `(${digits})` : digits);
