/** Number formats. Bodies of maps are typed by them; nothing is converted silently. */
import { oneOf } from "../errors.ts";

export type DType = "float32" | "float64" | "int32" | "bool";
export const dtypes: readonly DType[] = ["float32", "float64", "int32", "bool"];
export type Data = Float32Array | Float64Array | Int32Array | Uint8Array;

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** Bytes of one element in the arena of a program, where bool takes a full lane. */
export const bytesOf = (dtype: DType): number => (dtype === "float64" ? 8 : 4);

export function allocate(dtype: DType, length: number): Data {
  switch (dtype) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "bool":
      return new Uint8Array(length);
    default:
      return oneOf<never>("dtype", dtype, dtypes as never);
  }
}

/** Round float64 numbers to `dtype`. */
export function round(dtype: DType, values: Float64Array): Data {
  if (dtype === "float64") return values;
  const out = allocate(dtype, values.length);
  if (dtype === "bool") for (let i = 0; i < out.length; i++) out[i] = values[i] ? 1 : 0;
  else out.set(values);
  return out;
}
