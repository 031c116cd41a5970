/** The scalar floor: number formats, expressions, and every scalar function. */

export * from "./activations.ts";
export * from "./arithmetic.ts";
export {
  allocate,
  bytesOf,
  type Data,
  type DType,
  dtypes,
  isFloat,
  round as roundTo,
} from "./dtype.ts";
export * from "./elementary.ts";
export * from "./evaluate.ts";
export * from "./expr.ts";
