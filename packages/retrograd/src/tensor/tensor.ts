/**
 * Tensors, ops and the nodes that tracing leaves. A tensor is one output of a node; it holds
 * numbers when its node is a constant, and stands for numbers to come otherwise. Calling an op on
 * concrete tensors evaluates at once; on symbolic ones it records.
 */
import { checkOptions, fail, shown } from "../errors.ts";
import { allocate, type Data, type DType, round } from "../scalar/dtype.ts";
import { showValues } from "./inspect.ts";

export type Shape = readonly number[];
/** undefined is an exact zero. */
export type Maybe = Tensor | undefined;

/** Shape and dtype: all that is known of a value before it exists. */
export interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * A primitive: one record with all its rules. None is absent; one that cannot exist is a
 * `refuse`.
 */
export interface Op<A = any> {
  readonly name: string;
  /** Types of the outputs; fails with a message that names the operands. */
  shape(args: readonly Type[], attrs: A): Type[];
  /** Reference value in float64, slow and obvious. */
  evaluate(node: Node<A>, args: readonly Float64Array[]): Float64Array[];
  /** Tangents of the outputs, given those of the arguments. */
  jvp(node: Node<A>, tangents: readonly Maybe[]): Maybe[];
  /** Cotangents of the arguments, given those of the outputs. */
  vjp(node: Node<A>, cotangents: readonly Maybe[]): Maybe[];
  /**
   * The same op when the flagged arguments carry a leading axis of `size`; every output gets one.
   */
  batch(
    node: Node<A>,
    args: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
  ): Tensor[];
  /** How the compiler computes it; see nest/lower.ts. */
  readonly lower: Lowering;
}

/** The few ways in which ops become loops; the compiler has one rule for each. */
export type Lowering =
  | "map"
  | "view"
  | "copy"
  | "loop"
  | "while"
  | "call"
  | "host"
  | "collective"
  | "constant"
  | "input";

export interface Node<A = any> {
  readonly op: Op<A>;
  readonly args: readonly Tensor[];
  readonly attrs: A;
  readonly outputs: readonly Type[];
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);
export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;
export const showType = ({ shape, dtype }: Type): string =>
  dtype === "float32" ? showShape(shape) : `${dtype} ${showShape(shape)}`;

export class Tensor {
  readonly node: Node;
  /** Which output of the node this is. */
  readonly output: number;
  name: string | undefined;
  constructor(node: Node, output = 0, name?: string) {
    this.node = node;
    this.output = output;
    this.name = name;
  }

  get shape(): Shape {
    return this.node.outputs[this.output].shape;
  }
  get dtype(): DType {
    return this.node.outputs[this.output].dtype;
  }
  get rank(): number {
    return this.shape.length;
  }
  get size(): number {
    return sizeOf(this.shape);
  }
  /** True when the numbers are here; false while tracing. */
  get isConcrete(): boolean {
    return this.node.op === constantOp;
  }

  /** The numbers, row-major. @throws "traced-value" while tracing */
  get data(): Data {
    if (!this.isConcrete) fail("traced-value", { tensor: this.describe() });
    return this.node.attrs as Data;
  }
  /** The one number of a tensor of size 1. */
  item(): number {
    if (this.size !== 1) fail("not-scalar", { where: "item()", given: this.describe() });
    return this.data[0];
  }
  toArray(): any {
    const { data, shape, dtype } = this;
    const build = (axis: number, at: number, stride: number): any => {
      if (axis === shape.length) return dtype === "bool" ? data[at] !== 0 : data[at];
      const step = stride / shape[axis];
      return Array.from({ length: shape[axis] }, (_, i) => build(axis + 1, at + i * step, step));
    };
    return build(0, 0, this.size);
  }

  /** Name and type, as messages say it: `h [32, 256]`. */
  describe(): string {
    const { attrs, op } = this.node;
    return `${this.name ?? attrs?.name ?? op.name} ${showType(this)}`;
  }
  toString(): string {
    return this.describe();
  }
  /** What console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    if (!this.isConcrete) return `traced ${this.describe()}`;
    const { name, dtype, shape, data } = this;
    const title = `tensor ${name ? `${name} ` : ""}${dtype} ${showShape(shape)}:`;
    return `${title}${shape.length > 1 ? "\n" : " "}${showValues(data, shape, dtype)}`;
  }
  /** JavaScript would read `x > 0` as NaN > 0, silently false. Refuse instead. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.describe();
    return fail(this.isConcrete ? "tensor-operator" : "traced-value", { tensor: this.describe() });
  }
}

/** The same output of the same node. */
export const same = (a: Tensor, b: Tensor): boolean => a.node === b.node && a.output === b.output;

const typeOf = (t: Tensor): Type => t.node.outputs[t.output];

/** Record an op; nothing is computed. */
export function record<A>(op: Op<A>, args: readonly Tensor[], attrs: A, name?: string): Tensor[] {
  const node: Node<A> = { op, args, attrs, outputs: op.shape(args.map(typeOf), attrs) };
  return node.outputs.map((_, i) => new Tensor(node, i, name));
}

/** Apply an op: at once when every argument is concrete, recorded otherwise. */
export function apply<A>(op: Op<A>, args: readonly Tensor[], attrs: A, name?: string): Tensor[] {
  const recorded = record(op, args, attrs, name);
  if (!args.every((a) => a.isConcrete)) return recorded;
  const { node } = recorded[0] ?? { node: undefined };
  if (!node) return recorded;
  return op.evaluate(node, args.map(float64)).map((v, i) => fromFloat64(v, node.outputs[i]));
}

/** The numbers of a concrete tensor as float64. */
export const float64 = (t: Tensor): Float64Array =>
  t.data instanceof Float64Array ? t.data : Float64Array.from(t.data);

export const fromFloat64 = (values: Float64Array, { shape, dtype }: Type): Tensor =>
  concrete(round(dtype, values), { shape, dtype });

/** A tensor around numbers that exist. */
export function concrete(data: Data, type: Type, name?: string): Tensor {
  return new Tensor({ op: constantOp, args: [], attrs: data, outputs: [type] }, 0, name);
}

const unreachable = (): never => {
  throw new Error("inputs and constants are bound by whoever reads the graph");
};
const leaf = { shape: unreachable, jvp: unreachable, vjp: unreachable, batch: unreachable };
export const constantOp: Op<Data> = {
  ...leaf,
  name: "constant",
  lower: "constant",
  evaluate: ({ attrs }) => [Float64Array.from(attrs)],
};
export const inputOp: Op<Type> = {
  ...leaf,
  name: "input",
  lower: "input",
  shape: (_, type) => [type],
  evaluate: ({ attrs }) => fail("free-trace", { tensor: `input ${showType(attrs)}` }),
};

export const placeholder = (type: Type, name?: string): Tensor =>
  record(inputOp, [], { shape: type.shape, dtype: type.dtype }, name)[0];
export const isLeaf = (node: Node): boolean => node.op === inputOp || node.op === constantOp;

type Nested = number | boolean | readonly Nested[];

/**
 * A tensor from nested arrays, a number, or a typed array (then with `shape`).
 * Booleans make bool; everything else is float32 unless `dtype` says otherwise.
 * @throws "ragged-array", "shape-mismatch", "bad-argument", "unknown-option"
 */
export function tensor(
  values: Nested | Data | Tensor,
  options: { dtype?: DType; shape?: Shape; name?: string } = {},
): Tensor {
  checkOptions("tensor", options, ["dtype", "shape", "name"]);
  if (values instanceof Tensor) return values;
  const typed = ArrayBuffer.isView(values) ? (values as Data) : undefined;
  const shape = options.shape ?? (typed ? [typed.length] : shapeOf(values as Nested));
  const flat = typed ?? (Array.isArray(values) ? (values as any[]).flat(Infinity) : [values]);
  if (!typed) for (const x of flat as unknown[]) checkNumber(x);
  const dtype =
    options.dtype ??
    (typed
      ? dtypeOfData(typed)
      : flat.length > 0 && flat.every((x) => typeof x === "boolean")
        ? "bool"
        : "float32");
  if (flat.length !== sizeOf(shape))
    fail("shape-mismatch", {
      op: "tensor",
      given: `${flat.length} numbers`,
      expected: `${sizeOf(shape)} for the shape ${showShape(shape)}`,
    });
  const data = allocate(dtype, flat.length);
  for (let i = 0; i < data.length; i++)
    data[i] = dtype === "bool" ? (flat[i] ? 1 : 0) : Number(flat[i]);
  return concrete(data, { shape, dtype }, options.name);
}

/** Number("a") would be NaN, silently. */
function checkNumber(x: unknown): void {
  if (typeof x !== "number" && typeof x !== "boolean")
    fail("bad-argument", {
      where: "tensor",
      given: shown(x),
      expected: "numbers, booleans, nested arrays of them, or a typed array",
    });
}

const dtypeOfData = (data: Data): DType =>
  data instanceof Float64Array ? "float64" : data instanceof Int32Array ? "int32" : "float32";

function shapeOf(values: Nested, at = "[]"): number[] {
  if (!Array.isArray(values)) return [];
  if (values.length === 0) return [0];
  const shapes = values.map((v, i) => shapeOf(v, `[${i}]${at === "[]" ? "" : at}`));
  shapes.forEach((s, i) => {
    if (!sameShape(s, shapes[0]))
      fail("ragged-array", { at: `[${i}]`, got: s[0] ?? 1, want: shapes[0][0] ?? 1 });
  });
  return [values.length, ...shapes[0]];
}
