/**
 * Packing: the right operand of a product copied into panels [panel][k][columns of a tile],
 * columns past the last one as zeros. Elementwise work on the operand is done here, once per
 * element. A pack runs where its operand is known: outside the loops that do not change it, and
 * for resident weights once per write.
 */
import type { DType } from "../scalar/dtype.ts";
import type { Axis, Operand } from "./axes.ts";
import { Body } from "./body.ts";
import { type ProductShape, product, RIGHT } from "./contraction.ts";
import { wordOfTwo } from "./halves.ts";
import {
  type Affine,
  at,
  type Buffer,
  type Kernel,
  loop,
  plusTerms,
  type Stmt,
  type Value,
} from "./nest.ts";
import { load, number, store } from "./values.ts";

/** Outer axes that the right operand really varies along; others share its panels. */
const varying = (shape: ProductShape): Axis[] => shape.outer.filter((a) => a.strides[RIGHT] !== 0);

/** The right operand as the tile reads it. */
export interface Panels {
  readonly buffer: Buffer;
  readonly offset: Affine;
  /** Columns of a full panel. */
  readonly width: number;
  /** Elements between panels, and between rows of k inside one. */
  readonly panelStride: number;
  readonly kStrides: readonly number[];
  /** Strides along the outer axes. */
  readonly outerStrides: readonly number[];
  /** True when columns past n are there, as zeros. */
  readonly padded: boolean;
  /** True where words of two bfloat16 stand for the numbers. */
  readonly halves: boolean;
}

/** Elements of a panel for one k. @param halves  lanes of a vector of words of two; 0 for floats */
export const rowLength = (width: number, halves: number): number =>
  halves ? Math.ceil(width / (2 * halves)) * halves : width;

/** @param row  elements of a panel for one k */
export const panelLength = (shape: ProductShape, width: number, row: number): number =>
  product(varying(shape)) * Math.ceil(shape.n.size / width) * product(shape.k) * row;

export function packedPanels(
  buffer: Buffer,
  shape: ProductShape,
  width: number,
  halves: number,
): Panels {
  const kTotal = product(shape.k),
    row = rowLength(width, halves),
    perOuter = Math.ceil(shape.n.size / width) * kTotal * row;
  const varied = varying(shape);
  return {
    buffer,
    offset: at(0),
    width,
    panelStride: kTotal * row,
    padded: true,
    halves: halves > 0,
    kStrides: shape.k.map((_, d) => product(shape.k.slice(d + 1)) * row),
    outerStrides: shape.outer.map((a) =>
      a.strides[RIGHT] === 0 ? 0 : product(varied.slice(varied.indexOf(a) + 1)) * perOuter,
    ),
  };
}

/** The right operand where it lies; its columns must be dense. */
export function panelsInPlace(right: Operand, shape: ProductShape, width: number): Panels {
  return {
    buffer: right.view.buffer,
    offset: right.view.offset,
    width,
    panelStride: width,
    padded: false,
    halves: false,
    kStrides: shape.k.map((a) => a.strides[RIGHT]),
    outerStrides: shape.outer.map((a) => a.strides[RIGHT]),
  };
}

const noIndex = (): never => {
  throw new Error("a word of two numbers has no index");
};

/** The kernel that fills panels; `lanes` > 1 copies vectors where columns lie dense. */
export function packing(
  right: Operand,
  shape: ProductShape,
  width: number,
  panels: Panels,
  dtype: DType,
  lanes: number,
  name: string,
): Kernel {
  const { n, k } = shape,
    outer = shape.outer.map((a, d) => ({ ...a, d })).filter((a) => a.strides[RIGHT] !== 0);
  const full = Math.floor(n.size / width),
    rest = n.size - full * width;
  const dense = n.strides[RIGHT] === 1;
  const kNames = k.map((_, d) => `k${d}`);
  const kTerms = (strides: readonly number[]) => kNames.map((x, d) => [x, strides[d]] as const);
  const sourceAt = (column: number, panel: string | undefined, start: number): Affine =>
    plusTerms(
      right.view.offset,
      [
        ...outer.map((a) => [`u${a.d}`, a.strides[RIGHT]] as const),
        ...kTerms(k.map((a) => a.strides[RIGHT])),
        ...(panel ? [[panel, width * n.strides[RIGHT]] as const] : []),
      ],
      (start * width + column) * n.strides[RIGHT],
    );
  const targetAt = (place: number, panel: string | undefined, start: number): Affine =>
    plusTerms(
      panels.offset,
      [
        ...outer.map((a) => [`u${a.d}`, panels.outerStrides[a.d]] as const),
        ...kTerms(panels.kStrides),
        ...(panel ? [[panel, panels.panelStride] as const] : []),
      ],
      start * panels.panelStride + place,
    );
  const read = (at: Affine, step: number, there: boolean): Value =>
    there ? load(right.view, at, step > 1 ? 1 : 0, step) : number(0, dtype, step);
  /** Columns of one k, a vector at a time where they lie dense. */
  const copies = (name: string | undefined, start: number, columns: number): Stmt[] => {
    const out: Stmt[] = [];
    for (let q = 0; q < width; ) {
      const step = dense && q + lanes <= columns ? lanes : 1;
      const value = read(sourceAt(q, name, start), step, q < columns);
      out.push(store(panels, targetAt(q, name, start), value));
      q += step;
    }
    return out;
  };
  /** The same with two columns in one word. */
  const words = (name: string | undefined, start: number, columns: number): Stmt[] =>
    Array.from({ length: panels.kStrides[k.length - 1] }, (_, place) => {
      const body = new Body(1, `w${place}_`);
      const first = Math.floor(place / lanes) * 2 * lanes + (place % lanes);
      const slots = [first, first + lanes].map((q) =>
        body.define(read(sourceAt(q, name, start), 1, q < columns)),
      );
      const value = body.value(wordOfTwo, { slots, index: noIndex }, "int32");
      return [...body.statements, store(panels, targetAt(place, name, start), value)];
    }).flat();
  const panel = (name: string | undefined, start: number, columns: number): Stmt[] =>
    kNames.reduceRight(
      (inner, x, d) => loop(x, k[d].size, inner),
      (panels.halves ? words : copies)(name, start, columns),
    );
  let body: Stmt[] = [
    ...loop("p", full, panel("p", 0, width)),
    ...(rest ? panel(undefined, full, rest) : []),
  ];
  for (const a of [...outer].reverse()) body = loop(`u${a.d}`, a.size, body);
  return {
    name,
    body,
    reads: [{ buffer: right.view.buffer }],
    writes: [{ buffer: panels.buffer }],
    flops: 0,
    note: `packed ${product(k)}×${n.size} in panels of ${width}${dense ? "" : ", transposed"}${panels.halves ? ", as bfloat16" : ""}`,
  };
}
