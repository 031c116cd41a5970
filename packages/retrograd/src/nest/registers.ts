/**
 * One register tile of a product: rows × vectors of the output are set to zero or loaded, k runs,
 * and what lies in the registers is stored, with what is to be added to it.
 */

import { bytesOf } from "../scalar/dtype.ts";
import { add, fma } from "../scalar/index.ts";
import { Body } from "./body.ts";
import {
  type Contraction,
  LEFT,
  OUT,
  type ProductShape,
  readsOf,
  storesOf,
} from "./contraction.ts";
import { halfOf } from "./halves.ts";
import { type Abilities, type Affine, loop, plusTerms, type Stmt, type Value } from "./nest.ts";
import type { Panels } from "./pack.ts";
import type { Stretch } from "./stretch.ts";
import { call, lane, load, local, number, put, store } from "./values.ts";
import type { View } from "./view.ts";

/** A tile and where it lies; loops around it are named after where their stretch starts. */
export interface TilePlace {
  readonly c: Contraction;
  readonly shape: ProductShape;
  readonly panels: Panels;
  readonly can: Abilities;
  /** Part of the first axis of k. */
  readonly stretch: Stretch;
  /** Part of the rows, and of these the rows of one tile. */
  readonly block: Stretch;
  readonly group: Stretch;
  readonly vectors: number;
  /** Columns that are there; the last vector may have fewer than its lanes. */
  readonly columns: number;
  /** Part of the panels; the loop inside it is called p. */
  readonly turn: Stretch;
  /** Groups of rows that ask for the next part of the panel, and how many come before this one. */
  readonly asking: number;
  readonly before: number;
}
const LINE_BYTES = 64;
const noIndex = (): never => {
  throw new Error("a map of a sum in registers reads no index");
};
type Terms = (readonly [index: string, stride: number])[];

/** Steps of k in one turn of the inner loop: without a fused multiply-add more of them spill. */
const unrollFor = (rows: number, can: Abilities): number => (can.fma || rows === 1 ? 4 : 1);

export const tileAt = (place: TilePlace): Stmt[] => new RegisterTile(place).print();

class RegisterTile {
  private readonly at: TilePlace;
  private readonly rows: number;
  private readonly lanes: number;
  constructor(at: TilePlace) {
    this.at = at;
    this.rows = at.group.size;
    this.lanes = at.can.vectorBytes / bytesOf(at.c.dtype);
  }

  print(): Stmt[] {
    return [
      ...this.each((r, q) => [this.start(r, q)]),
      ...this.each(this.announce),
      ...this.run(),
      ...this.each(this.finish),
    ];
  }

  private each(f: (r: number, q: number) => Stmt[]): Stmt[] {
    const out: Stmt[] = [];
    for (let r = 0; r < this.rows; r++)
      for (let q = 0; q < this.at.vectors; q++) out.push(...f(r, q));
    return out;
  }

  private readonly sum = (r: number, q: number): string => `a${r}_${q}`;
  private local(name: string): Value {
    return local(name, this.at.c.dtype, this.lanes);
  }

  /** Terms of the loops around the tile, along the outer axes and along the rows. */
  private around(access: number): Terms {
    const { shape, block, group } = this.at;
    const row = shape.m.strides[access];
    return [
      ...shape.outer.map((a, d) => [`u${d}`, a.strides[access]] as const),
      [`m${block.start}`, block.size * row],
      [`g${group.start}`, group.size * row],
    ];
  }
  private row = (access: number, r: number): number =>
    (this.at.block.start + this.at.group.start + r) * this.at.shape.m.strides[access];

  /** Terms of the loops over panels that lie so many elements apart. */
  private alongPanels(apart: number): Terms {
    const { start, size } = this.at.turn;
    return [
      [`q${start}`, size * apart],
      ["p", apart],
    ];
  }

  /** Where the output or an addend has lane `lane` of vector q of row r. */
  private outAt(access: number, offset: Affine, r: number, q: number, lane = 0): Affine {
    const { shape, turn, panels } = this.at;
    const column = shape.n.strides[access];
    const columns = turn.start * panels.width + q * this.lanes + lane;
    return plusTerms(
      offset,
      [...this.around(access), ...this.alongPanels(panels.width * column)],
      this.row(access, r) + columns * column,
    );
  }

  private start(r: number, q: number): Stmt {
    return put("let", this.sum(r, q), number(0, this.at.c.dtype, this.lanes));
  }

  /**
   * What is read and written at the end lies a row apart, where no processor foresees it: its
   * cache lines are asked for while k runs.
   */
  private announce = (r: number, q: number): Stmt[] => {
    const { c, shape, stretch, can, columns } = this.at;
    const perLine = Math.max(1, LINE_BYTES / can.vectorBytes);
    if (!can.prefetch || q % perLine > 0 || q * this.lanes >= columns) return [];
    const reads = stretch.start === 0 ? readsOf(c).map(({ view }) => view) : [];
    return [...storesOf(c), ...reads].flatMap((view, i): Stmt[] =>
      shape.n.strides[OUT + i] === 1
        ? [{ kind: "prefetch", buffer: view.buffer, at: this.outAt(OUT + i, view.offset, r, q) }]
        : [],
    );
  };

  /** What joins the sum: addends with the first part of k, and later what the parts before left. */
  private joined(): { view: View; access: number }[] {
    const { c, stretch } = this.at;
    const first = OUT + storesOf(c).length;
    return stretch.start === 0
      ? c.addends.map(({ view }, i) => ({ view, access: first + i }))
      : [{ view: c.store, access: OUT }];
  }

  private finish = (r: number, q: number): Stmt[] => {
    const there = Math.min(this.lanes, this.at.columns - q * this.lanes);
    const whole = this.local(this.sum(r, q));
    if (there === this.lanes) return this.store(whole, r, q, 0);
    return Array.from({ length: there }, (_, k) => this.store(lane(whole, k), r, q, k)).flat();
  };
  private store(given: Value, r: number, q: number, lane: number): Stmt[] {
    const { c, shape } = this.at;
    const placeOf = (access: number, offset: Affine) => this.outAt(access, offset, r, q, lane);
    const read = (view: View, access: number): Value =>
      load(view, placeOf(access, view.offset), shape.n.strides[access], given.lanes);
    const sum = this.joined().reduce<Value>(
      (sum, { view, access }) => call(add, sum, read(view, access)),
      given,
    );
    const { statements, values } = this.mapped(sum, `${this.sum(r, q)}_${lane}_`, read);
    // Stores come last: a store may lie where a later step still reads.
    const stores = c.steps.flatMap((step, i) => step.stores.map((view) => ({ view, of: i })));
    return [
      ...statements,
      ...stores.map(({ view, of }, k) => store(view, placeOf(OUT + k, view.offset), values[of])),
    ];
  }

  /** What each step makes of the sum. */
  private mapped(sum: Value, prefix: string, read: (view: View, access: number) => Value) {
    const { c } = this.at;
    const out = new Body(sum.lanes, prefix);
    if (c.steps.length === 1) return { statements: out.statements, values: [sum] };
    const values = [out.define(sum)];
    let access = OUT + storesOf(c).length + c.addends.length;
    for (const step of c.steps.slice(1)) {
      const slots = step.operands.map((o) =>
        typeof o === "number" ? values[o] : out.define(read(o.view, access++)),
      );
      values.push(out.value(step.body, { slots, index: noIndex }, step.dtype));
    }
    return { statements: out.statements, values };
  }

  /** The loops over k, the innermost in turns of a few steps. */
  private run(): Stmt[] {
    const { shape, stretch, can } = this.at;
    const counts = shape.k.map((a, d) => (d === 0 ? stretch.size : a.size));
    const last = counts.length - 1;
    const wanted = unrollFor(this.rows, can);
    const unroll = counts[last] % wanted === 0 ? wanted : 1;
    const body = Array.from({ length: unroll }, (_, u) => this.multiply(u)).flat();
    body.push(...this.ahead(counts, unroll));
    return counts.reduceRight(
      (inner, count, d) => loop(`k${d}`, count, inner, d === last ? unroll : 1),
      body,
    );
  }

  /**
   * A part of a panel serves all rows, and the first group of them would wait for each line of the
   * next one: while k runs, every group asks for its share of it, a few lines at each turn.
   */
  private ahead(counts: readonly number[], unroll: number): Stmt[] {
    const { stretch, panels, group, asking, before } = this.at;
    if (!asking) return [];
    const { buffer, kStrides } = panels;
    const line = LINE_BYTES / bytesOf(buffer.dtype);
    const turns = counts.reduce((n, count) => n * count, 1) / unroll;
    const next = stretch.size * kStrides[0];
    const lines = Math.ceil(next / line / (asking * turns));
    const turn = lines * line;
    const inner = counts.map((_, d) => counts.slice(d + 1).reduce((n, count) => n * count, 1));
    const terms: Terms = [
      [`z${stretch.start}`, next],
      [`g${group.start}`, turns * turn],
      ...inner.map((n, d) => [`k${d}`, (n * turn) / unroll] as const),
    ];
    const first = stretch.start * kStrides[0] + next + before * turns * turn;
    return Array.from({ length: lines }, (_, l) => ({
      kind: "prefetch",
      buffer,
      at: this.inPanel(terms, first + l * line),
    }));
  }

  /** Terms along k, of the loops and of the stretch around them. */
  private alongK(strides: readonly number[]): Terms {
    const { stretch } = this.at;
    return [
      [`z${stretch.start}`, stretch.size * strides[0]],
      ...strides.map((s, d) => [`k${d}`, s] as const),
    ];
  }
  private kBase = (strides: readonly number[], u: number): number =>
    this.at.stretch.start * strides[0] + u * strides[strides.length - 1];

  /** One k: the columns of the panel times each row's number. */
  private multiply(u: number): Stmt[] {
    const body: Stmt[] = [];
    const columns = this.columns(u, body).map((value, q): Value => {
      // A single row uses each vector once: loaded beside its use, it holds no register for long.
      if (this.rows === 1) return value;
      body.push(put("let", `b${q}`, value));
      return this.local(`b${q}`);
    });
    for (let r = 0; r < this.rows; r++) {
      body.push(put("let", `l${r}`, this.left(u, r)));
      columns.forEach((column, q) => {
        const sum = this.sum(r, q);
        body.push(put("set", sum, call(fma, this.local(`l${r}`), column, this.local(sum))));
      });
    }
    return body;
  }
  /** The vectors of a panel for one k; words of two are loaded once for both. */
  private columns(u: number, body: Stmt[]): Value[] {
    const all = Array.from({ length: this.at.vectors });
    if (!this.at.panels.halves) return all.map((_, q) => this.column(u, q));
    return all.map((_, q) => {
      const name = `w${u}_${q >> 1}`;
      if (q % 2 === 0) body.push(put("let", name, this.column(u, q >> 1)));
      return halfOf(local(name, "int32", this.lanes), q % 2 === 1);
    });
  }
  private column(u: number, q: number): Value {
    const { kStrides } = this.at.panels;
    const at = this.inPanel(this.alongK(kStrides), q * this.lanes + this.kBase(kStrides, u));
    return load(this.at.panels, at, 1, this.lanes);
  }
  private inPanel(terms: Terms, base: number): Affine {
    const { shape, turn, panels } = this.at;
    const { offset, panelStride, outerStrides } = panels;
    const outer = shape.outer.map((_, d) => [`u${d}`, outerStrides[d]] as const);
    return plusTerms(
      offset,
      [...outer, ...this.alongPanels(panelStride), ...terms],
      turn.start * panelStride + base,
    );
  }
  private left(u: number, r: number): Value {
    const { view } = this.at.c.left;
    const strides = this.at.shape.k.map((a) => a.strides[LEFT]);
    const at = plusTerms(
      view.offset,
      [...this.around(LEFT), ...this.alongK(strides)],
      this.row(LEFT, r) + this.kBase(strides, u),
    );
    return load(view, at, 0, this.lanes);
  }
}
