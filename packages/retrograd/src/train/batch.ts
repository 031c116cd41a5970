/**
 * Batches: what a training step is fed. Data comes as typed arrays with shapes, or as tensors; all
 * batches are brought to one shape, so that one program serves them all.
 */
import { fail } from "../errors/training.ts";
import { oneOf } from "../errors.ts";
import { maskOfLengths } from "../loops/mask.ts";
import { swapAxes } from "../ops/shape.ts";
import { type Data, type DType, isFloat } from "../scalar/index.ts";
import { concrete, type Shape, showShape, sizeOf, Tensor, tensor } from "../tensor/tensor.ts";

/** Numbers, row-major, with their shape. */
export interface Values {
  readonly data: Data;
  readonly shape: Shape;
}

type Nested = number | boolean | readonly Nested[];
/** A part of a batch: numbers with their shape, a tensor, or nested arrays. */
export type Part = Values | Tensor | readonly Nested[];

/** What a source of data hands over. */
export interface Batch {
  /** [batch, time, …] numbers, or int32 classes. */
  readonly inputs: Part;
  /** [batch, time, …] or [batch, …]; int32 labels or numbers. */
  readonly targets: Part;
  /** Weight of each target: [batch], [batch, time] or all axes of targets. */
  readonly mask?: Part;
  /** Valid time steps of each row, int32 [batch]. */
  readonly lengths?: Part;
  /**
   * [batch]: true where a row begins a sequence, false where it goes on with that of the batch
   * before, whose state `truncated` then carries. Without it every row of every batch begins one.
   */
  readonly start?: Part;
}
export type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/** The same batches for the same epoch, in the same order: what exact resumption rests on. */
export interface DataSource {
  batches(epoch: number): Batches;
}

const isIterable = (x: any): boolean =>
  typeof (x?.[Symbol.iterator] ?? x?.[Symbol.asyncIterator]) === "function";
/** "Promise", "Object", "Generator", … */
const kindOf = (x: unknown): string => Object.prototype.toString.call(x).slice(8, -1);

/** Data as a source; batches that can be gone through again are the same in every epoch. */
export function sourceOf(where: string, data: DataSource | Batches): DataSource {
  const { batches, next } = data as any;
  const own = typeof batches === "function";
  if (!own && (!isIterable(data) || next))
    fail("bad-argument", {
      where,
      given: kindOf(data),
      expected: "an array of batches, or { batches: (epoch) => batches }",
    });
  return {
    batches(epoch) {
      const found = own ? (data as DataSource).batches(epoch) : (data as Batches);
      if (isIterable(found)) return found;
      return fail("bad-argument", {
        where: `${where}.batches`,
        given: kindOf(found),
        expected: "an array, a generator or another iterable of batches",
      });
    },
  };
}

/** A batch as the step sees it. */
export interface Fed {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  readonly mask?: Tensor;
  readonly lengths?: Tensor;
  readonly start?: Tensor;
  /** In overlapping windows: steps after which the next one begins, int32 [batch]. */
  readonly advance?: Tensor;
}

const dtypeOf = (data: Data): DType =>
  data instanceof Float64Array
    ? "float64"
    : data instanceof Int32Array
      ? "int32"
      : data instanceof Uint8Array
        ? "bool"
        : "float32";

/** Nested arrays: lengths and labels are int32 where they are whole, `start` is bool. */
function nested(name: string, values: readonly Nested[], labels: boolean): Tensor {
  const counts = name === "lengths" || (labels && name === "targets");
  const whole = counts && (values as any[]).flat(Infinity).every(Number.isInteger);
  const dtype = whole ? "int32" : name === "start" ? "bool" : undefined;
  return tensor(values, { name, ...(dtype && { dtype }) });
}

/** A part as a tensor, typed arrays without a copy. @throws "shape-mismatch", "bad-argument" */
export function tensorOf(name: string, values: Part, labels = false): Tensor {
  if (values instanceof Tensor) return values;
  if (Array.isArray(values)) return nested(name, values, labels);
  if (!isValues(values))
    return fail("bad-argument", {
      where: `batch, ${name}`,
      given: kindOf(values),
      expected: "a tensor, nested arrays or { data, shape }",
    });
  const { data, shape } = values;
  if (data.length !== sizeOf(shape))
    fail("shape-mismatch", {
      op: `batch, ${name}`,
      given: `${data.length} numbers`,
      expected: `${sizeOf(shape)} for the shape ${showShape(shape)}`,
    });
  return concrete(data, { shape, dtype: dtypeOf(data) }, name);
}

const isValues = (x: any): x is Values => ArrayBuffer.isView(x?.data) && Array.isArray(x.shape);

/** The order of a batch's parts, which is that of the program's inputs. */
const parts = ["inputs", "targets", "mask", "lengths", "start"] as const;

/**
 * A batch as tensors, whose first axes agree.
 * @param target  what the loss is about: nested arrays of labels become int32
 * @throws "shape-mismatch", "bad-argument"
 */
export function feed(batch: Batch, target: "label" | "number" = "number"): Fed {
  const lacking = (["inputs", "targets"] as const).find((name) => batch?.[name] === undefined);
  if (lacking)
    fail("bad-argument", {
      where: "batch",
      given: `${kindOf(batch)} without ${lacking}`,
      expected: "{ inputs, targets }",
    });
  checkNames(batch);
  const labels = target === "label";
  const given = parts.filter((name) => batch[name] !== undefined);
  const fed = Object.fromEntries(given.map((name) => [name, tensorOf(name, batch[name]!, labels)]));
  for (const [name, t] of Object.entries(fed))
    if (t.shape[0] !== fed.inputs.shape[0])
      fail("shape-mismatch", {
        op: "batch",
        given: `${name} ${showShape(t.shape)} beside inputs ${showShape(fed.inputs.shape)}`,
        expected: `${fed.inputs.shape[0]} rows in both`,
      });
  checkLengths(fed as unknown as Fed);
  return fed as unknown as Fed;
}

/**
 * A source may keep what is its own in a batch; what is a letter s from a part is a slip.
 * @throws "unknown-option"
 */
function checkNames(batch: Batch): void {
  for (const name of Object.keys(batch))
    if (parts.some((part) => part === `${name}s` || `${part}s` === name))
      oneOf("batch", name, parts);
}

/** @throws "index-range" where a row is said to go on beyond the time steps that are given */
function checkLengths({ inputs, lengths }: Fed): void {
  if (!lengths?.isConcrete || inputs.rank < 2) return;
  const [, time] = inputs.shape;
  const outside = lengths.data.find((length) => !(length >= 0 && length <= time));
  if (outside !== undefined)
    fail("index-range", { op: "batch", given: `the length ${outside}`, expected: `0…${time}` });
}

/** What a model that must know its input is told; classes say nothing. */
export const inputOf = ({ dtype, shape, rank }: Tensor) =>
  isFloat(dtype) && rank > 2
    ? { input: shape.slice(2), dtype: dtype as "float32" | "float64" }
    : {};

/** The least number of rows that are so many equal shards. */
export const rowsFor = (rows: number, shards: number): number => Math.ceil(rows / shards) * shards;

/**
 * The batch with `rows` rows: new ones are zeros of length 1 (a mean over no step has no
 * derivative) that weigh nothing. Every batch gets a mask.
 * @param most  rows that a batch may have itself
 */
export function padRows(fed: Fed, rows: number, most = rows): Fed {
  const own = fed.inputs.shape[0];
  const mask =
    fed.mask ?? concrete(new Float32Array(own).fill(1), { shape: [own], dtype: "float32" });
  const { inputs, targets, ...rest } = fed;
  const masked: Fed = { inputs, targets, mask, ...rest };
  if (own > most)
    fail("shape-mismatch", {
      op: "batch",
      given: `${own} rows after batches of ${most}`,
      expected: "the first batch of a run to be the largest",
    });
  if (own === rows) return masked;
  const grown = Object.entries(masked).map(([name, t]) => [name, resized(t, 0, 0, rows)] as const);
  for (const [name, t] of grown) if (name === "lengths") t.data.fill(1, own);
  return Object.fromEntries(grown) as unknown as Fed;
}

/** `size` places of an axis (0 or 1) from `start`; zeros before the first and beyond the last. */
export function resized(t: Tensor, axis: 0 | 1, start: number, size: number): Tensor {
  const outer = axis === 0 ? 1 : t.shape[0];
  const from = t.shape[axis];
  const inner = sizeOf(t.shape.slice(axis + 1));
  const shape = t.shape.map((n, d) => (d === axis ? size : n));
  const data = new (t.data.constructor as new (n: number) => Data)(sizeOf(shape));
  const [first, end] = [Math.max(0, start), Math.min(from, start + size)];
  for (let i = 0; i < outer; i++)
    data.set(
      t.data.subarray((i * from + first) * inner, (i * from + end) * inner) as never,
      (i * size + first - start) * inner,
    );
  return concrete(data, { shape, dtype: t.dtype }, t.name);
}

/** What refuses inputs whose numbers it cannot take, where they are valid, bool [batch, time]. */
interface Choosy {
  check?(inputs: Tensor, valid?: Tensor): void;
}

/** What the model finds wrong with the numbers that come in, where rows are valid. */
export function checkInputs(model: Choosy, { inputs, lengths }: Fed): void {
  if (!model.check || !inputs.isConcrete) return;
  const valid = lengths && swapAxes(maskOfLengths(lengths, inputs.shape[1]), 0, 1);
  model.check(inputs, valid);
}

/** Every label that counts must be the number of a class. @throws "label-range" */
export function checkLabels({ targets, mask }: Fed, classes: number, ignore?: number): void {
  const { data } = targets;
  const inner = mask ? sizeOf(targets.shape.slice(mask.rank)) : 0;
  for (let i = 0; i < data.length; i++) {
    const label = data[i];
    if ((label >= 0 && label < classes) || label === ignore) continue;
    if (mask && !mask.data[Math.floor(i / inner)]) continue;
    const row = Math.floor(i / sizeOf(targets.shape.slice(1)));
    fail("label-range", { label, row, classes });
  }
}
