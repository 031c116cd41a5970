/**
 * Tensors from nothing: constants, ranges and identity matrices. They are float32 unless `dtype`
 * says otherwise, and concrete, except those made like a tensor that is being traced.
 */
import { checkOptions, fail } from "../errors.ts";
import { allocate, type DType } from "../scalar/dtype.ts";
import { concrete, type Shape, sizeOf, type Tensor, type Type } from "../tensor/tensor.ts";
import { checkShape } from "./axes.ts";
import { filled } from "./map.ts";

export interface CreateOptions {
  readonly dtype?: DType;
  readonly name?: string;
}

/** A tensor whose i-th number, row-major, is `value(i)`. */
function generate(
  op: string,
  shape: Shape,
  options: CreateOptions,
  value: (i: number) => number,
): Tensor {
  checkOptions(op, options, ["dtype", "name"]);
  const { dtype = "float32", name } = options;
  checkShape(op, shape);
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return concrete(data, { shape: [...shape], dtype }, name);
}

/** `value` everywhere. */
export const full = (shape: Shape, value: number, options: CreateOptions = {}): Tensor =>
  generate("full", shape, options, () => value);
export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor =>
  generate("zeros", shape, options, () => 0);
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor =>
  generate("ones", shape, options, () => 1);

/** Numbers from start up to stop, which is left out, by step: arange(3), arange(1, 4), … */
export function arange(
  start: number,
  stop?: number,
  step = 1,
  options: CreateOptions = {},
): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || !Number.isFinite((to - from) / step))
    fail("bad-argument", {
      where: "arange",
      given: `${from}, ${to}, ${step}`,
      expected: "a finite range with a step other than 0",
    });
  const n = Math.max(0, Math.ceil((to - from) / step));
  return generate("arange", [n], options, (i) => from + i * step);
}

/** n numbers from start to stop, both included, equally far apart. */
export const linspace = (
  start: number,
  stop: number,
  n: number,
  options: CreateOptions = {},
): Tensor =>
  generate("linspace", [n], options, (i) =>
    i === n - 1 && n > 1 ? stop : start + (i * (stop - start)) / Math.max(1, n - 1),
  );

/** Ones on the diagonal of an n × m matrix, zeros elsewhere. */
export const eye = (n: number, m = n, options: CreateOptions = {}): Tensor =>
  generate("eye", [n, m], options, (i) => +(Math.floor(i / m) === i % m));

const like = (x: Tensor, value: number, { dtype = x.dtype, name }: CreateOptions): Tensor => {
  const type: Type = { shape: x.shape, dtype };
  return x.isConcrete ? full(x.shape, value, { dtype, name }) : filled(type, value);
};
/** Zeros of the shape and dtype of x. */
export const zerosLike = (x: Tensor, options: CreateOptions = {}): Tensor => like(x, 0, options);
/** Ones of the shape and dtype of x. */
export const onesLike = (x: Tensor, options: CreateOptions = {}): Tensor => like(x, 1, options);
