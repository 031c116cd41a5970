/**
 * Products of matrices in register tiles: rows × vectors of the output stay in registers while k
 * runs. Rows are split evenly (32 = 2·6 + 4·5, never a tail of 2); the right operand is read from
 * panels as wide as the tile, packed once (pack.ts) or read in place where packing would cost
 * more than it saves.
 */

import { bytesOf } from "../scalar/dtype.ts";
import {
  type Contraction,
  OUT,
  type ProductShape,
  product,
  RIGHT,
  readsOf,
  storesOf,
} from "./contraction.ts";
import { type Abilities, type Kernel, loop, type Stmt } from "./nest.ts";
import type { Panels } from "./pack.ts";
import { costOf } from "./pointwise.ts";
import { tileAt } from "./registers.ts";
import { equally, evenly, type Stretch } from "./stretch.ts";
import type { View } from "./view.ts";

/** Rows and vectors of a register tile. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/** Of a panel so many bytes, and steps of k, at a time stay near while all rows pass by. */
const PANEL_BYTES = 2 ** 16,
  K_MOST = 1024;
/** Rows of the left operand that stay in the second cache while all panels pass by. */
const M_BLOCK = 256;
/**
 * With so many rows, each goes along a block of panels at a time, so that what it reads and writes
 * of the output lies side by side; a block of so many bytes stays in the second cache. Fewer rows
 * stay near themselves, and each panel is read once.
 */
const ROWS_MANY = 128,
  BLOCK_BYTES = 2 ** 18;

/** The tile for m rows and n columns: as many accumulators as registers hold, split as n allows. */
export function tileFor(m: number, n: number, lanes: number, can: Abilities): Tile {
  const needed = Math.ceil(n / lanes);
  if (m === 1) return { rows: 1, vectors: Math.min(8, needed) };
  if (m === 2) return { rows: 2, vectors: Math.min(4, needed) };
  if (m === 3) return { rows: 3, vectors: Math.min(can.fma ? 3 : 2, needed) };
  if (needed === 1) return { rows: Math.min(m, 8), vectors: 1 };
  // A wider tile reads fewer numbers for each multiply-add, where registers hold one.
  const vectors = can.registers >= 32 ? Math.min(4, needed) : 2;
  const rows = can.fma ? Math.floor((can.registers - 1 - vectors) / vectors) : 4;
  return { rows: Math.min(m, rows), vectors };
}

/** Parts of k, and of their panel's rows of so many bytes, that are walked one after the other. */
export function stretchesOf(k: ProductShape["k"], rowBytes: number): Stretch[] {
  const most = Math.min(K_MOST, PANEL_BYTES / rowBytes);
  const perBlock = Math.max(1, Math.floor(most / product(k.slice(1))));
  return evenly(k[0].size, Math.ceil(k[0].size / perBlock));
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
  const { outer, m, n, k } = shape,
    stores = storesOf(c);
  const full = Math.floor(n.size / width),
    rest = n.size - full * width;
  const stretches = stretchesOf(k, width * bytesOf(c.dtype));
  const shared = outer.filter(({ strides }) => strides[RIGHT] === 0);
  const isLong = m.size * product(shared) >= ROWS_MANY;
  const panelBytes = stretches[0].size * product(k.slice(1)) * width * bytesOf(c.dtype);
  const perTurn = isLong ? Math.max(1, Math.floor(BLOCK_BYTES / panelBytes)) : 1;
  /** Panels that are not in the second cache any more when they are met again. */
  const isFar =
    can.prefetch &&
    panels.padded &&
    perTurn === 1 &&
    product(k) * n.size * bytesOf(c.dtype) > BLOCK_BYTES;
  /** Loops along the outer axes; those that share the right operand go through a panel together. */
  const outerLoops = (sharing: boolean, body: Stmt[]): Stmt[] =>
    outer.reduceRight(
      (inner, { size, strides }, d) =>
        (strides[RIGHT] === 0) === sharing ? loop(`u${d}`, size, inner) : inner,
      body,
    );
  const body = outerLoops(
    false,
    evenly(m.size, Math.ceil(m.size / (M_BLOCK + tile.rows))).flatMap((block) =>
      along("m", block, () => {
        const rows = evenly(block.size, Math.ceil(block.size / tile.rows));
        const groups = rows.reduce((n, { count }) => n + count, 0);
        const asking = isFar && groups > 1 ? groups : 0;
        const through = (turn: Stretch, vectors: number, columns: number) =>
          along("q", turn, () =>
            stretches.flatMap(peeled).flatMap((stretch) => {
              const part = {
                c,
                shape,
                panels,
                can,
                stretch,
                block,
                turn,
                vectors,
                columns,
                asking,
              };
              const all = rows.flatMap((group, i) => {
                const before = i > 0 ? rows[0].count : 0;
                return along("g", group, () =>
                  loop("p", turn.size, tileAt({ ...part, group, before })),
                );
              });
              return along("z", stretch, () => outerLoops(true, all));
            }),
          );
        return [
          ...(full ? through(equally(full, perTurn), tile.vectors, width) : []),
          ...(rest
            ? through({ start: full, size: 1, count: 1 }, Math.ceil(rest / lanes), rest)
            : []),
        ];
      }),
    ),
  );
  const access = (view: View, k: number) => ({
    buffer: view.buffer,
    aligned: sameLayout(shape, OUT + k) && sameOffset(view, c.store) ? "sum" : undefined,
  });
  const later = c.steps.slice(1);
  return {
    name: [c.name, ...new Set(later.map((s) => s.name))].slice(0, 4).join("_"),
    body,
    reads: [
      { buffer: c.left.view.buffer },
      { buffer: panels.buffer },
      ...readsOf(c).map(({ view }, i) => access(view, stores.length + i)),
    ],
    writes: stores.map(access),
    flops:
      m.size *
      n.size *
      product(outer) *
      later.reduce((sum, s) => sum + costOf(s.body), 2 * product(k)),
    note: `product ${m.size}×${n.size}×${product(k)}${outer.length ? `, ${product(outer)} times` : ""}, tile ${tile.rows}×${tile.vectors}, ${panels.padded ? "packed panels" : "in place"}${c.addends.length ? `, ${c.addends.length} added on store` : ""}${later.length ? `, ${later.length} map${later.length > 1 ? "s" : ""} on store` : ""}`,
  };
}

/** Code for each part of a stretch; `name` and where it starts make the index of its loop. */
const along = (name: string, s: Stretch, body: () => Stmt[]): Stmt[] =>
  loop(`${name}${s.start}`, s.count, body());

/** The first part alone: it starts from zero, where the others add to what is there. */
const peeled = (s: Stretch): Stretch[] =>
  s.start > 0 || s.count === 1
    ? [s]
    : [
        { ...s, count: 1 },
        { start: s.size, size: s.size, count: s.count - 1 },
      ];

/** True when access k lies as the output does, so that it may share its place. */
const sameLayout = ({ outer, m, n }: ProductShape, k: number): boolean =>
  [...outer, m, n].every((a) => a.size === 1 || a.strides[k] === a.strides[OUT]);
const sameOffset = (a: View, b: View): boolean =>
  a.offset.base === b.offset.base && `${a.offset.terms}` === `${b.offset.terms}`;
