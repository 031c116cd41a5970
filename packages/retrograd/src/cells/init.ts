/**
 * Initialisers: the first value of a parameter, described before it is drawn. A draw depends on the
 * key and on the path of the parameter alone, so a parameter that is added changes no other one.
 *
 * A matrix has the shape [in, out]. Axes between are gates: [in, 4, out] holds four matrices, each
 * drawn with the fans of one.
 */
import { fail } from "../errors/layers.ts";
import type { DType } from "../scalar/dtype.ts";
import { roundTo } from "../scalar/index.ts";
import { concrete, type Shape, showShape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import { fold, normals, uniforms } from "./draw.ts";

/** A parameter before it exists: its shape, and the law of its first value. */
export class Initial {
  readonly shape: Shape;
  readonly law: string;
  /** Float64 numbers, row-major, from a key that belongs to this parameter. */
  readonly draw: (key: Tensor) => Float64Array;
  constructor(shape: Shape, law: string, draw: (key: Tensor) => Float64Array) {
    if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0))
      fail("bad-argument", {
        where: `init.${law}`,
        given: JSON.stringify(shape) ?? String(shape),
        expected: "a shape, such as [3, 4]",
      });
    this.shape = shape;
    this.law = law;
    this.draw = draw;
  }
}

/** The same tree with tensors where it had descriptions. */
export type Drawn<P> = P extends Initial
  ? Tensor
  : P extends Tensor
    ? Tensor
    : P extends object
      ? { -readonly [K in keyof P]: Drawn<P[K]> }
      : P;

export const isInitial = (x: unknown): boolean => x instanceof Initial;

/** Draw every parameter of a tree. The path of a leaf names it: the same path, the same numbers. */
export function drawTree<P>(params: P, key: Tensor, dtype: DType = "float32"): Drawn<P> {
  return mapTree(
    params,
    (initial: Initial, path) => {
      const values = initial.draw(fold(key, path));
      return concrete(roundTo(dtype, values), { shape: initial.shape, dtype }, path);
    },
    isInitial,
  );
}

/** How many numbers feed one output, and how many outputs one number feeds. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const fanOut = shape.at(-1) ?? 1;
  return { fanIn: shape.length > 1 ? shape[0] : fanOut, fanOut };
}

const filledWith = (law: string, value: number) => (shape: Shape) =>
  new Initial(shape, law, () => new Float64Array(sizeOf(shape)).fill(value));

const spread = (shape: Shape, law: string, deviation: number, kind: "uniform" | "normal") =>
  new Initial(shape, law, (key) =>
    kind === "normal"
      ? normals(key, sizeOf(shape), deviation)
      : uniforms(key, sizeOf(shape), -deviation * Math.sqrt(3), deviation * Math.sqrt(3)),
  );

/**
 * Variance 2 / (in + out): signals keep their size on the way forward and on the way back.
 * Source: Glorot and Bengio 2010, AISTATS, eq. 16.
 */
function glorot(shape: Shape, kind: "uniform" | "normal" = "uniform"): Initial {
  const { fanIn, fanOut } = fans(shape);
  return spread(shape, `glorot ${kind}`, Math.sqrt(2 / (fanIn + fanOut)), kind);
}

/**
 * Variance 2 / in: the same for rectifiers, which drop half of the signal.
 * Source: He et al. 2015, arXiv:1502.01852, eq. 10.
 */
function he(shape: Shape, kind: "uniform" | "normal" = "normal"): Initial {
  return spread(shape, `he ${kind}`, Math.sqrt(2 / fans(shape).fanIn), kind);
}

/** Uniform within ±bound. PyTorch's recurrent cells use ±1/√size, its linear layers ±1/√in. */
function uniform(shape: Shape, bound = 1 / Math.sqrt(shape.at(-1) ?? 1)): Initial {
  return new Initial(shape, "uniform", (key) => uniforms(key, sizeOf(shape), -bound, bound));
}

const normal = (shape: Shape, deviation = 1): Initial =>
  spread(shape, "normal", deviation, "normal");

/**
 * Orthogonal rows or columns, whichever are fewer: uniform among them (Haar). A gradient that
 * passes through the matrix keeps its length. With gates, each gate's matrix is orthogonal.
 * Source: Saxe et al. 2014, arXiv:1312.6120; Mezzadri 2007, arXiv:math-ph/0609050 (the signs).
 */
function orthogonal(shape: Shape, gain = 1): Initial {
  if (shape.length < 2)
    fail("bad-argument", {
      where: "init.orthogonal",
      given: `the shape ${showShape(shape)}`,
      expected: "a matrix [in, out], or matrices [in, gates, out]",
    });
  return new Initial(shape, "orthogonal", (key) => {
    const rows = shape[0];
    const columns = shape[shape.length - 1];
    const gates = sizeOf(shape.slice(1, -1));
    const numbers = normals(key, sizeOf(shape), 1);
    const out = new Float64Array(numbers.length);
    for (let g = 0; g < gates; g++) {
      const at = (i: number, j: number) => (i * gates + g) * columns + j;
      const q = orthonormal(rows, columns, (i, j) => numbers[at(i, j)]);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) out[at(i, j)] = gain * q(i, j);
    }
    return out;
  });
}

/**
 * Normal numbers, scaled so that the largest eigenvalue has the modulus `radius`: for recurrences
 * that are not trained. Below 1 the state forgets how it began, as a reservoir must; the nearer to
 * 1, the longer it remembers. The radius is right to about 1 %.
 *   W = radius · N / ρ(N)
 * Source: Jaeger 2001, The "echo state" approach, GMD Report 148.
 * Checked: ‖Wᵏ‖^(1/k) tends to the radius.
 */
function spectral(shape: Shape, radius: number): Initial {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows !== columns)
    fail("bad-argument", {
      where: "init.spectral",
      given: `the shape ${showShape(shape)}`,
      expected: "a square matrix [size, size]",
    });
  return new Initial(shape, "spectral", (key) => {
    const numbers = normals(key, rows * rows, 1 / Math.sqrt(rows));
    const scale = radius / growth(numbers, rows);
    return numbers.map((x) => scale * x);
  });
}

/** Mean rate at which a vector grows under a square matrix, once its largest eigenvalues rule. */
function growth(matrix: Float64Array, size: number): number {
  const [before, measured] = [100, 400];
  let v = new Float64Array(size).fill(1 / Math.sqrt(size));
  let sum = 0;
  for (let turn = 0; turn < before + measured; turn++) {
    const next = new Float64Array(size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) next[j] += v[i] * matrix[i * size + j];
    const length = Math.sqrt(next.reduce((total, x) => total + x * x, 0));
    if (turn >= before) sum += Math.log(length);
    v = next.map((x) => x / length);
  }
  return Math.exp(sum / measured);
}

/**
 * Biases of a gate that opens and closes over times up to `longest`: log u and −log u with u
 * uniform in [1, longest − 1], so that 1/(1 − σ(b)) is a time within reach. `rows` gives the sign
 * of each row.
 *   b[k, j] = rows[k] · log u[j]
 * Source: Tallec and Ollivier 2018, arXiv:1804.11188, eq. 16.
 */
function chrono(shape: Shape, longest: number, rows: readonly number[]): Initial {
  if (!(longest > 2))
    fail("bad-argument", { where: "chrono", given: String(longest), expected: "a time above 2" });
  const size = shape.at(-1) ?? 1;
  return new Initial(shape, "chrono", (key) => {
    const u = uniforms(key, size, 1, longest - 1);
    return Float64Array.from({ length: sizeOf(shape) }, (_, at) => {
      const sign = rows[Math.floor(at / size)];
      return sign === 0 ? 0 : sign * Math.log(u[at % size]);
    });
  });
}

/** Given numbers, row-major: a constant start, such as a forget bias of one. */
const values = (shape: Shape, of: (place: readonly number[]) => number): Initial =>
  new Initial(shape, "values", () =>
    Float64Array.from({ length: sizeOf(shape) }, (_, at) => {
      const place = shape.map((_, axis) => Math.floor(at / sizeOf(shape.slice(axis + 1))));
      return of(place.map((p, axis) => p % shape[axis]));
    }),
  );

export const init = {
  zeros: filledWith("zeros", 0),
  ones: filledWith("ones", 1),
  values,
  uniform,
  normal,
  glorot,
  he,
  orthogonal,
  spectral,
  chrono,
} as const;
export type Initialisers = typeof init;

/**
 * Q of the QR decomposition by Householder reflections, with the signs that make R's diagonal
 * positive. Wide matrices are decomposed transposed.
 */
function orthonormal(
  rows: number,
  columns: number,
  of: (i: number, j: number) => number,
): (i: number, j: number) => number {
  if (rows < columns) {
    const q = orthonormal(columns, rows, (i, j) => of(j, i));
    return (i, j) => q(j, i);
  }
  const a = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => of(i, j)),
  );
  const mirrors: Mirror[] = [];
  const signs: number[] = [];
  for (let k = 0; k < columns; k++) {
    const v = a[k].slice();
    v.fill(0, 0, k);
    const length = Math.sqrt(dotFrom(k, v, v)) * (v[k] < 0 ? -1 : 1);
    v[k] += length;
    signs.push(length > 0 ? -1 : 1);
    mirrors.push({ v, from: k, square: dotFrom(k, v, v) });
    reflect(a, k + 1, mirrors[k]);
  }
  const q = signs.map((sign, j) => {
    const column = new Float64Array(rows);
    column[j] = sign;
    return column;
  });
  // Earlier columns are zero where mirror k is not.
  for (let k = columns - 1; k >= 0; k--) reflect(q, k, mirrors[k]);
  return (i, j) => q[j][i];
}

/** A vector v that is zero before `from`, and v·v. */
interface Mirror {
  readonly v: Float64Array;
  readonly from: number;
  readonly square: number;
}

function dotFrom(from: number, v: Float64Array, x: Float64Array): number {
  let sum = 0;
  for (let i = from; i < v.length; i++) sum += v[i] * x[i];
  return sum;
}

/** x − 2 v (v·x) / (v·v) for all columns x from one on; four share one reading of v. */
function reflect(columns: readonly Float64Array[], first: number, mirror: Mirror): void {
  const { v, from, square } = mirror;
  if (square === 0) return;
  const twice = 2 / square;
  let j = first;
  for (; j + 3 < columns.length; j += 4) {
    const [p, q, r, s] = [columns[j], columns[j + 1], columns[j + 2], columns[j + 3]];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = from; i < v.length; i++) {
      a += v[i] * p[i];
      b += v[i] * q[i];
      c += v[i] * r[i];
      d += v[i] * s[i];
    }
    [a, b, c, d] = [twice * a, twice * b, twice * c, twice * d];
    for (let i = from; i < v.length; i++) {
      p[i] -= a * v[i];
      q[i] -= b * v[i];
      r[i] -= c * v[i];
      s[i] -= d * v[i];
    }
  }
  for (; j < columns.length; j++) {
    const a = twice * dotFrom(from, v, columns[j]);
    for (let i = from; i < v.length; i++) columns[j][i] -= a * v[i];
  }
}
