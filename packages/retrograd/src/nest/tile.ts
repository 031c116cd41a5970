/**
 * Products of matrices in register tiles: rows × vectors of the output stay in registers while k
 * runs. Rows are split evenly (32 = 2·6 + 4·5, never a tail of 2); the right operand is read from
 * panels as wide as the tile, packed once (pack.ts) or read in place where packing would cost
 * more than it saves.
 */

import { bytesOf } from "../scalar/dtype.ts";
import { add, type Expr, fma, type Scalar, slot } from "../scalar/index.ts";
import { type Contraction, LEFT, OUT, type ProductShape, product } from "./contraction.ts";
import {
  type Abilities,
  type Affine,
  type Buffer,
  type Kernel,
  loop,
  plusTerms,
  type Stmt,
  type Value,
} from "./nest.ts";
import type { View } from "./view.ts";

const rowOf = (e: Expr): Scalar => (e as Expr & { kind: "call" }).fn;
const FMA = rowOf(fma(slot(0), slot(1), slot(2))),
  ADD = rowOf(add(slot(0), slot(1)));

/** Rows and vectors of a register tile. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * Longest stretch of k between two passes over the output: a panel of it stays in the first
 * cache.
 */
const K_BLOCK = 1024;
/** Steps of k in one turn of the inner loop. */
const UNROLL = 4;
/** Rows of the left operand that stay in the second cache while all panels pass by. */
const M_BLOCK = 256;

/** The tile for m rows and n columns: as many accumulators as registers hold, split as n allows. */
export function tileFor(m: number, n: number, lanes: number, can: Abilities): Tile {
  const needed = Math.ceil(n / lanes),
    spare = can.fma ? 3 : 4;
  const accumulators = can.registers - spare;
  if (m === 1) return { rows: 1, vectors: Math.min(8, needed) };
  if (m === 2) return { rows: 2, vectors: Math.min(4, needed) };
  if (m === 3) return { rows: 3, vectors: Math.min(can.fma ? 3 : 2, needed) };
  if (needed === 1) return { rows: Math.min(m, 8), vectors: 1 };
  const rows = can.fma ? Math.floor(accumulators / 2) : 4;
  return { rows: Math.min(m, rows), vectors: 2 };
}

/** The right operand as the tile reads it. */
export interface Panels {
  readonly buffer: Buffer;
  readonly offset: Affine;
  /** Elements between panels, and between rows of k inside one. */
  readonly panelStride: number;
  readonly kStrides: readonly number[];
  /** Strides along the outer axes. */
  readonly outerStrides: readonly number[];
  /** True when columns past n are there, as zeros. */
  readonly padded: boolean;
}

export function tiled(
  c: Contraction,
  shape: ProductShape,
  tile: Tile,
  panels: Panels,
  can: Abilities,
): Kernel {
  const lanes = can.vectorBytes / bytesOf(c.dtype),
    width = tile.vectors * lanes;
  const { outer, m, n, k } = shape;
  const full = Math.floor(n.size / width),
    rest = n.size - full * width;
  const deep = product(k.slice(1)),
    perBlock = Math.max(1, Math.floor(K_BLOCK / deep));
  const build = new TileNest(c, shape, panels, lanes, width);
  let body: Stmt[] = [];
  for (const [kStart, kCount] of evenly(k[0].size, Math.ceil(k[0].size / perBlock))) {
    const part = { kStart, kCount, first: kStart === 0 };
    for (const rows of rowBlocks(m.size, tile.rows)) {
      body.push(...loop("p", full, build.rows(rows, tile, "p", 0, tile.vectors * lanes, part)));
      if (rest)
        body.push(
          ...build.rows(
            rows,
            { rows: tile.rows, vectors: Math.ceil(rest / lanes) },
            undefined,
            full,
            rest,
            part,
          ),
        );
    }
  }
  for (let d = outer.length - 1; d >= 0; d--) body = loop(`u${d}`, outer[d].size, body);
  const reads = [c.left, c.right, ...c.addends].map(({ view }, i) => ({
    buffer: i === 1 ? panels.buffer : view.buffer,
    aligned:
      i > 1 && sameLayout(shape, OUT + i - 1) && sameOffset(view, c.store) ? "sum" : undefined,
  }));
  return {
    name: c.name,
    body,
    reads,
    writes: [{ buffer: c.store.buffer, aligned: "sum" }],
    flops: 2 * m.size * n.size * product(k) * product(outer),
    note: `product ${m.size}×${n.size}×${product(k)}${outer.length ? `, ${product(outer)} times` : ""}, tile ${tile.rows}×${tile.vectors}, ${panels.padded ? "packed panels" : "in place"}${c.addends.length ? `, ${c.addends.length} added on store` : ""}`,
  };
}

/** [start, count] of `parts` stretches of n that differ by one at most. */
export function evenly(n: number, parts: number): [number, number][] {
  const base = Math.floor(n / parts),
    more = n % parts;
  return Array.from({ length: parts }, (_, i) => [
    i * base + Math.min(i, more),
    base + (i < more ? 1 : 0),
  ]);
}

/** True when access k lies as the output does, so that it may share its place. */
const sameLayout = ({ outer, m, n }: ProductShape, k: number): boolean =>
  [...outer, m, n].every((a) => a.size === 1 || a.strides[k] === a.strides[OUT]);
const sameOffset = (a: View, b: View): boolean =>
  a.offset.base === b.offset.base && `${a.offset.terms}` === `${b.offset.terms}`;

interface RowBlock {
  start: number;
  groups: { start: number; rows: number; count: number }[];
}
/** Blocks of rows for the second cache, each as groups of equal tiles. */
function rowBlocks(m: number, rows: number): RowBlock[] {
  const blocks = Math.ceil(m / (M_BLOCK + rows));
  return evenly(m, blocks).map(([start, count]) => {
    const tiles = Math.ceil(count / rows),
      base = Math.floor(count / tiles),
      more = count % tiles;
    const groups = [
      { start, rows: base + 1, count: more },
      { start: start + more * (base + 1), rows: base, count: tiles - more },
    ];
    return { start, groups: groups.filter((g) => g.count > 0) };
  });
}

interface KPart {
  kStart: number;
  kCount: number;
  first: boolean;
}

class TileNest {
  private readonly c: Contraction;
  private readonly shape: ProductShape;
  private readonly panels: Panels;
  private readonly lanes: number;
  private readonly width: number;
  constructor(c: Contraction, shape: ProductShape, panels: Panels, lanes: number, width: number) {
    this.c = c;
    this.shape = shape;
    this.panels = panels;
    this.lanes = lanes;
    this.width = width;
  }

  /** All row tiles of a block against one panel. */
  rows(
    block: RowBlock,
    tile: Tile,
    panel: string | undefined,
    panelStart: number,
    columns: number,
    part: KPart,
  ): Stmt[] {
    return block.groups.flatMap((g) => {
      const index = `t${g.start}`;
      return loop(
        index,
        g.count,
        this.tile(
          g.rows,
          tile.vectors,
          { index, step: g.rows, start: g.start },
          panel,
          panelStart,
          columns,
          part,
        ),
      );
    });
  }

  private tile(
    rows: number,
    vectors: number,
    row: { index: string; step: number; start: number },
    panel: string | undefined,
    panelStart: number,
    columns: number,
    part: KPart,
  ): Stmt[] {
    const { c, shape, lanes, width } = this,
      { dtype } = c;
    const outerTerms = (access: number) =>
      shape.outer.map((a, d) => [`u${d}`, a.strides[access]] as const);
    const rowTerm = (access: number) => [row.index, row.step * shape.m.strides[access]] as const;
    const colTerm = (stride: number): (readonly [string, number])[] =>
      panel ? [[panel, stride]] : [];
    const acc = (r: number, q: number) => `a${r}_${q}`;
    const local = (name: string, n = lanes): Value => ({ kind: "local", name, dtype, lanes: n });
    const outAt = (access: number, offset: Affine, r: number, q: number, lane = 0): Affine =>
      plusTerms(
        offset,
        [...outerTerms(access), rowTerm(access), ...colTerm(width * shape.n.strides[access])],
        (row.start + r) * shape.m.strides[access] +
          (panelStart * width + q * lanes + lane) * shape.n.strides[access],
      );

    const out: Stmt[] = [];
    const each = (f: (r: number, q: number) => void) => {
      for (let r = 0; r < rows; r++) for (let q = 0; q < vectors; q++) f(r, q);
    };
    const lanesOf = (q: number) => Math.min(lanes, columns - q * lanes);
    each((r, q) => {
      const value: Value = part.first
        ? { kind: "number", value: 0, dtype, lanes }
        : {
            kind: "load",
            buffer: c.store.buffer,
            at: outAt(OUT, c.store.offset, r, q),
            stride: 1,
            dtype,
            lanes,
          };
      out.push({ kind: "let", name: acc(r, q), value });
    });
    out.push(...this.kLoops(rows, vectors, row, outerTerms, rowTerm, panel, panelStart, part, acc));
    each((r, q) => {
      const store = (value: Value, lane: number, width: number) => {
        const total = !part.first
          ? value
          : c.addends.reduce<Value>((sum, o, i) => {
              const access = OUT + 1 + i;
              const load: Value = {
                kind: "load",
                buffer: o.view.buffer,
                at: outAt(access, o.view.offset, r, q, lane),
                stride: shape.n.strides[access],
                dtype,
                lanes: width,
              };
              return { kind: "call", fn: ADD, args: [sum, load], dtype, lanes: width };
            }, value);
        out.push({
          kind: "store",
          buffer: c.store.buffer,
          at: outAt(OUT, c.store.offset, r, q, lane),
          value: total,
        });
      };
      if (lanesOf(q) === lanes) store(local(acc(r, q)), 0, lanes);
      else
        for (let l = 0; l < lanesOf(q); l++)
          store({ kind: "lane", value: local(acc(r, q)), lane: l, dtype, lanes: 1 }, l, 1);
    });
    return out;
  }

  private kLoops(
    rows: number,
    vectors: number,
    row: { step: number; start: number },
    outerTerms: (a: number) => (readonly [string, number])[],
    rowTerm: (a: number) => readonly [string, number],
    panel: string | undefined,
    panelStart: number,
    part: KPart,
    acc: (r: number, q: number) => string,
  ): Stmt[] {
    const { shape } = this;
    const names = shape.k.map((_, d) => `k${d}`),
      last = shape.k.length - 1;
    const counts = shape.k.map((a, d) => (d === 0 ? part.kCount : a.size));
    const unroll = counts[last] % UNROLL === 0 ? UNROLL : 1;
    const body: Stmt[] = [];
    for (let u = 0; u < unroll; u++)
      body.push(
        ...this.multiply(
          rows,
          vectors,
          row,
          outerTerms,
          rowTerm,
          panel,
          panelStart,
          part,
          acc,
          names,
          u,
        ),
      );
    return names.reduceRight(
      (inner, name, d) => loop(name, counts[d], inner, d === last ? unroll : 1),
      body,
    );
  }

  /** One k: the columns of the panel times each row's number. */
  private multiply(
    rows: number,
    vectors: number,
    row: { step: number; start: number },
    outerTerms: (a: number) => (readonly [string, number])[],
    rowTerm: (a: number) => readonly [string, number],
    panel: string | undefined,
    panelStart: number,
    part: KPart,
    acc: (r: number, q: number) => string,
    names: readonly string[],
    u: number,
  ): Stmt[] {
    const { c, shape, panels, lanes } = this,
      { dtype } = c,
      last = names.length - 1;
    const body: Stmt[] = [];
    for (let q = 0; q < vectors; q++) {
      const where = plusTerms(
        panels.offset,
        [
          ...shape.outer.map((_, d) => [`u${d}`, panels.outerStrides[d]] as const),
          ...(panel ? [[panel, panels.panelStride] as const] : []),
          ...names.map((name, d) => [name, panels.kStrides[d]] as const),
        ],
        panelStart * panels.panelStride +
          q * lanes +
          part.kStart * panels.kStrides[0] +
          u * panels.kStrides[last],
      );
      body.push({
        kind: "let",
        name: `b${q}`,
        value: { kind: "load", buffer: panels.buffer, at: where, stride: 1, dtype, lanes },
      });
    }
    for (let r = 0; r < rows; r++) {
      const where = plusTerms(
        c.left.view.offset,
        [
          ...outerTerms(LEFT),
          rowTerm(LEFT),
          ...names.map((name, d) => [name, shape.k[d].strides[LEFT]] as const),
        ],
        (row.start + r) * shape.m.strides[LEFT] +
          part.kStart * shape.k[0].strides[LEFT] +
          u * shape.k[last].strides[LEFT],
      );
      body.push({
        kind: "let",
        name: `l${r}`,
        value: { kind: "load", buffer: c.left.view.buffer, at: where, stride: 0, dtype, lanes },
      });
      for (let q = 0; q < vectors; q++) {
        const args: Value[] = [
          { kind: "local", name: `l${r}`, dtype, lanes },
          { kind: "local", name: `b${q}`, dtype, lanes },
          { kind: "local", name: acc(r, q), dtype, lanes },
        ];
        body.push({
          kind: "set",
          name: acc(r, q),
          value: { kind: "call", fn: FMA, args, dtype, lanes },
        });
      }
    }
    return body;
  }
}
