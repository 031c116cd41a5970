/**
 * Packing: the right operand of a product copied into panels [panel][k][columns of a tile],
 * columns past the last one as zeros. Elementwise work on the operand is done here, once per
 * element. A pack runs where its operand is known: outside the loops that do not change it, and
 * for resident weights once per write.
 */
import type { DType } from "../scalar/dtype.ts";
import type { Operand } from "./axes.ts";
import { type ProductAxis, type ProductShape, product, RIGHT } from "./contraction.ts";
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

/** Outer axes that the right operand really varies along; others share its panels. */
const varying = (shape: ProductShape): ProductAxis[] =>
  shape.outer.filter((a) => a.strides[RIGHT] !== 0);

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
}

export const panelLength = (shape: ProductShape, width: number): number =>
  product(varying(shape)) * Math.ceil(shape.n.size / width) * product(shape.k) * width;

export function packedPanels(buffer: Buffer, shape: ProductShape, width: number): Panels {
  const kTotal = product(shape.k),
    perOuter = Math.ceil(shape.n.size / width) * kTotal * width;
  const varied = varying(shape);
  return {
    buffer,
    offset: at(0),
    width,
    panelStride: kTotal * width,
    padded: true,
    kStrides: shape.k.map((_, d) => product(shape.k.slice(d + 1)) * width),
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
    kStrides: shape.k.map((a) => a.strides[RIGHT]),
    outerStrides: shape.outer.map((a) => a.strides[RIGHT]),
  };
}

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
  const copy = (
    column: number,
    step: number,
    panel: string | undefined,
    start: number,
    zero: boolean,
  ): Stmt => {
    const source = plusTerms(
      right.view.offset,
      [
        ...outer.map((a) => [`u${a.d}`, a.strides[RIGHT]] as const),
        ...kNames.map((x, d) => [x, k[d].strides[RIGHT]] as const),
        ...(panel ? [[panel, width * n.strides[RIGHT]] as const] : []),
      ],
      (start * width + column) * n.strides[RIGHT],
    );
    const target = plusTerms(
      panels.offset,
      [
        ...outer.map((a) => [`u${a.d}`, panels.outerStrides[a.d]] as const),
        ...kNames.map((x, d) => [x, panels.kStrides[d]] as const),
        ...(panel ? [[panel, panels.panelStride] as const] : []),
      ],
      start * panels.panelStride + column,
    );
    const value: Value = zero
      ? { kind: "number", value: 0, dtype, lanes: 1 }
      : {
          kind: "load",
          buffer: right.view.buffer,
          at: source,
          stride: step > 1 ? 1 : 0,
          dtype,
          lanes: step,
        };
    return { kind: "store", buffer: panels.buffer, at: target, value };
  };
  const panel = (name: string | undefined, start: number, columns: number): Stmt[] => {
    const statements: Stmt[] = [];
    for (let q = 0; q < width; ) {
      const step = dense && q + lanes <= columns ? lanes : 1;
      statements.push(copy(q, step, name, start, q >= columns));
      q += step;
    }
    return kNames.reduceRight((inner, x, d) => loop(x, k[d].size, inner), statements);
  };
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
    note: `packed ${product(k)}×${n.size} in panels of ${width}${dense ? "" : ", transposed"}`,
  };
}
